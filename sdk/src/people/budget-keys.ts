import { bytesToHex } from '@noble/hashes/utils.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import type { EpochKeys } from '../sync/verify-entry.js';

/** The epoch keys of one budget that this device was given, found by their commitment. */
export class BudgetKeys implements EpochKeys {
  readonly #keys = new Map<string, EpochKey>();

  add(key: EpochKey): void {
    this.#keys.set(bytesToHex(key.kid), key);
  }

  find(epoch: number, kid: Uint8Array): EpochKey | undefined {
    const key = this.#keys.get(bytesToHex(kid));
    return key?.epoch === epoch ? key : undefined;
  }

  /** Zeroes all keys; nothing opens any more. */
  wipe(): void {
    for (const key of this.#keys.values()) key.wipe();
    this.#keys.clear();
  }
}
