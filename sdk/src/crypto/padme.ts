/** Whatever is shorter is padded to this, so that small edits all look alike. */
export const MIN_PADDED_BYTES = 256;

/**
 * The length that `length` bytes are padded to: PADME above a minimum bucket, which
 * adds at most 12 % and leaks O(log log length) bits. Nikitin et al., "Reducing Metadata
 * Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019(4), section 4.
 */
export function paddedLength(length: number): number {
  return length <= MIN_PADDED_BYTES ? MIN_PADDED_BYTES : padme(length);
}

function padme(length: number): number {
  const exponent = 31 - Math.clz32(length);
  const exponentBits = 32 - Math.clz32(exponent);
  const step = 2 ** (exponent - exponentBits);
  return Math.ceil(length / step) * step;
}
