import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { decodeStoredKey, encodeStoredKey } from '../crypto/stored-key.js';
import type { BudgetId } from '../model/ids.js';
import type { LocalStore } from '../ports/local-store.js';
import type { StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import { corrupt, unreadable } from './local-error.js';
import { KEY_PREFIX } from './local-names.js';

/** The name and the bytes that a key is kept as. The store seals them: nothing else does. */
export const toKeyItem = (key: EpochKey): readonly [name: string, bytes: Uint8Array] => [
  KEY_PREFIX + bytesToHex(key.kid),
  encodeStoredKey(key),
];

/** The epoch keys that an earlier run kept. */
export async function readLocalKeys(
  store: LocalStore,
  budgetId: BudgetId,
): Promise<Result<readonly EpochKey[], StoreError>> {
  const listed = await store.list(KEY_PREFIX);
  if (!listed.ok) return listed;
  const keys: EpochKey[] = [];
  for (const [name, bytes] of listed.value) {
    const kid = name.slice(KEY_PREFIX.length);
    if (!/^[0-9a-f]{64}$/.test(kid)) return corrupt('an epoch key');
    const key = decodeStoredKey(bytes, budgetId, hexToBytes(kid));
    if (!key.ok) return unreadable(key.error, 'an epoch key');
    keys.push(key.value);
  }
  return ok(keys);
}
