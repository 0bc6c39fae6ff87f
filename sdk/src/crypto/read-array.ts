import { type Item, decodeCanonical, isOtherVersion } from '../codec/cbor.js';
import { type DecodeError, malformed, upgradeRequired } from '../codec/decode-error.js';
import { type Result, ok } from '../result.js';

/** The version of everything that keys and people are stored as. */
export const KEYS_VERSION = 1;

/**
 * The items that `bytes` hold after the version. `upgrade_required` for another version or
 * more items than `length`, which counts the version; `malformed` for what is not one array
 * in deterministic CBOR.
 */
export function readArray(
  bytes: Uint8Array,
  length: number,
  what: string,
): Result<readonly Item[], DecodeError> {
  if (isOtherVersion(bytes, KEYS_VERSION)) return upgradeRequired(what);
  const items = decodeCanonical(bytes);
  if (!Array.isArray(items) || items[0] !== KEYS_VERSION || items.length < length) {
    return malformed(what);
  }
  return items.length > length ? upgradeRequired(what) : ok(items.slice(1));
}

export const isBytes = (item: Item | undefined, length: number): item is Uint8Array =>
  item instanceof Uint8Array && item.length === length;

export const isCount = (item: Item | undefined, from: number, to: number): item is number =>
  typeof item === 'number' && Number.isSafeInteger(item) && item >= from && item <= to;
