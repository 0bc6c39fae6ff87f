import { encodeCanonical } from '../codec/cbor.js';
import { type DecodeError, malformed } from '../codec/decode-error.js';
import type { BudgetId } from '../model/ids.js';
import { type Result, ok } from '../result.js';
import { EPOCH_KEY_BYTES, type EpochKey, createEpochKey, lendKeyBytes } from './epoch-key.js';
import { KEYS_VERSION, isBytes, isCount, readArray } from './read-array.js';
import { sodium } from './sodium.js';

const WHAT = 'a stored key';

/** The bare bytes of `epochKey`, only for a store that seals what it is given. */
export function encodeStoredKey(epochKey: EpochKey): Uint8Array {
  return lendKeyBytes(epochKey, (key) => encodeCanonical([KEYS_VERSION, epochKey.epoch, key]));
}

/** The key that {@link encodeStoredKey} wrote; `malformed` unless `kid` commits to it. */
export function decodeStoredKey(
  bytes: Uint8Array,
  budgetId: BudgetId,
  kid: Uint8Array,
): Result<EpochKey, DecodeError> {
  const items = readArray(bytes, 3, WHAT);
  if (!items.ok) return items;
  const [epoch, key] = items.value;
  if (!isCount(epoch, 1, 0xffff_ffff) || !isBytes(key, EPOCH_KEY_BYTES)) return malformed(WHAT);
  const epochKey = createEpochKey(key, budgetId, epoch);
  key.fill(0);
  if (kid.length === epochKey.kid.length && sodium().memcmp(epochKey.kid, kid)) return ok(epochKey);
  epochKey.wipe();
  return malformed(WHAT);
}
