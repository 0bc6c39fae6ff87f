import type { Random } from '../ports/random.js';

/** The most that one call of `getRandomValues` may ask for. */
const MAX_BYTES_PER_CALL = 65_536;

/** Randomness from the platform's cryptographically secure source. */
export const secureRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let start = 0; start < length; start += MAX_BYTES_PER_CALL) {
      globalThis.crypto.getRandomValues(bytes.subarray(start, start + MAX_BYTES_PER_CALL));
    }
    return bytes;
  },
  fraction() {
    const [high = 0, low = 0] = globalThis.crypto.getRandomValues(new Uint32Array(2));
    // 27 + 26 bits: all that a double can hold below 1.
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
};
