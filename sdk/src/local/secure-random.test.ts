import { describe, expect, it } from 'vitest';
import { secureRandom } from './secure-random.js';

describe('secureRandom', () => {
  it('fills every part of a request larger than one call of the platform may be', () => {
    const bytes = secureRandom.bytes(200_000);
    expect(bytes).toHaveLength(200_000);
    for (let start = 0; start < bytes.length; start += 1000) {
      expect(bytes.subarray(start, start + 1000).some((byte) => byte !== 0)).toBe(true);
    }
  });

  it('never repeats a nonce, and gives none for length 0', () => {
    const nonces = Array.from({ length: 1000 }, () => secureRandom.bytes(24).join());
    expect(new Set(nonces).size).toBe(1000);
    expect(secureRandom.bytes(0)).toHaveLength(0);
  });

  it('spreads fractions over [0, 1), so that jitter keeps clients apart', () => {
    const fractions = Array.from({ length: 2000 }, () => secureRandom.fraction());
    expect(fractions.every((value) => value >= 0 && value < 1)).toBe(true);
    const tenths = new Set(fractions.map((value) => Math.floor(value * 10)));
    expect(tenths.size).toBe(10);
  });
});
