import type { Item } from '../codec/cbor.js';
import type { PublicKeys } from '../model/membership.js';
import { multiply } from './identity.js';
import { isBytes } from './read-array.js';

const PUBLIC_KEY_BYTES = 32;
const ANY_SCALAR: Uint8Array = new Uint8Array(PUBLIC_KEY_BYTES).fill(1);

/**
 * The pair that `sign` and `box` are, or undefined. Nothing can be wrapped for a box key of
 * low order, so whoever brought one would keep everybody from starting the next epoch.
 */
export function readPublicKeys(
  sign: Item | undefined,
  box: Item | undefined,
): PublicKeys | undefined {
  if (!isBytes(sign, PUBLIC_KEY_BYTES) || !isBytes(box, PUBLIC_KEY_BYTES)) return undefined;
  return multiply(ANY_SCALAR, box) === undefined ? undefined : { sign, box };
}
