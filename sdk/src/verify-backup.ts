import { summarizeBackup, type BackupOptions, type BackupSummary } from './backup/budget-backup.js';
import { loadSodium } from './crypto/sodium.js';

/**
 * Whether a backup file is whole and opens, and what it is of; needs neither a network nor the
 * budget. Throws {@link SealsyncError}: `bad_input`, `backup_damaged`, `backup_newer`, `wrong_passphrase`, and
 * `failed` where the device has too little memory for the passphrase's KDF.
 */
export async function verifyBackup(
  bytes: Uint8Array,
  options: BackupOptions,
): Promise<BackupSummary> {
  await loadSodium();
  return summarizeBackup(bytes, options);
}
