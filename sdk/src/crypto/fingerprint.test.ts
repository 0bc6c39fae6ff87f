import { beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.js';
import { fingerprintOf, safetyNumber } from './fingerprint.js';
import { generateIdentity } from './identity.js';
import { loadSodium } from './sodium.js';

const random = createSeededRandom(1);
beforeAll(loadSodium);

describe('a safety number', () => {
  it('is 12 groups of 5 digits, the same whoever reads it out', () => {
    for (let pair = 0; pair < 50; pair += 1) {
      const [ann, bea] = [generateIdentity('ann', random), generateIdentity('bea', random)];
      const number = safetyNumber(ann, bea);
      expect(number).toMatch(/^\d{5}( \d{5}){11}$/);
      expect(safetyNumber(bea, ann)).toBe(number);
    }
  });

  it('differs if any key or uid was substituted, on either side', () => {
    const [ann, bea] = [generateIdentity('ann', random), generateIdentity('bea', random)];
    const eve = generateIdentity('bea', random);
    const { sign, box } = bea.publicKeys;
    const others = [
      bea,
      eve,
      { uid: 'bea', publicKeys: { sign, box: eve.publicKeys.box } },
      { uid: 'bea', publicKeys: { sign: eve.publicKeys.sign, box } },
      { uid: 'bea', publicKeys: { sign: box, box: sign } },
      { uid: 'eve', publicKeys: { sign, box } },
    ];
    expect(new Set(others.map((other) => safetyNumber(ann, other))).size).toBe(others.length);
    expect(new Set(others.map((other) => fingerprintOf(other).join())).size).toBe(others.length);
    expect(fingerprintOf(bea)).toHaveLength(32);
  });
});
