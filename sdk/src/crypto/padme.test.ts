import { describe, expect, it } from 'vitest';
import { MIN_PADDED_BYTES, paddedLength } from './padme.js';

describe('padded lengths', () => {
  // Values of the authors' reference implementation (lbarman.ch/blog/padme) as listed in
  // mls-rs, mls-rs/src/group/padding.rs; the last is from the tests of etebase-rs.
  it.each([
    [1000, 1024],
    [10_000, 10_240],
    [100_000, 100_352],
    [1_000_000, 1_015_808],
    [10_000_000, 10_223_616],
    [100_000_000, 100_663_296],
    [1_000_000_000, 1_006_632_960],
    [441_181_141, 444_596_224],
    [942_823_001, 956_301_312],
    [1_045_008_200, 1_056_964_608],
    [2_343_242, 2_359_296],
  ])('are those published for PADME: %i -> %i', (length, padded) => {
    expect(paddedLength(length)).toBe(padded);
  });

  it('never shrink, never shift, and cost at most 12 % above the bucket', () => {
    let previous = 0;
    for (let length = 0; length <= 1_100_000; length += length < 70_000 ? 1 : 977) {
      const padded = paddedLength(length);
      expect(padded >= length && padded >= previous).toBe(true);
      expect(paddedLength(padded)).toBe(padded);
      if (length > MIN_PADDED_BYTES) expect(padded / length).toBeLessThanOrEqual(1.12);
      previous = padded;
    }
  });

  it('are one for everything up to the bucket, so a small edit shows nothing of its size', () => {
    const lengths = Array.from({ length: MIN_PADDED_BYTES + 1 }, (_, index) => paddedLength(index));
    expect(new Set(lengths)).toEqual(new Set([MIN_PADDED_BYTES]));
  });

  it('take few values in all, so lengths leak little', () => {
    const lengths = new Set<number>();
    for (let length = 0; length <= 262_144; length += 1) lengths.add(paddedLength(length));
    expect(lengths.size).toBeLessThan(300);
  });
});
