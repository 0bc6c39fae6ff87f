import { decode, encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.js';
import type { PublicIdentity } from './fingerprint.js';
import { type Identity, generateIdentity } from './identity.js';
import { makeIdentityRotation, verifyIdentityRotation } from './identity-rotation.js';
import { encodeLabelled } from './labelled.js';
import { loadSodium } from './sodium.js';

const random = createSeededRandom(1);
let from: Identity;
let to: Identity;
let rotation: Uint8Array;

beforeAll(async () => {
  await loadSodium();
  from = generateIdentity('ann', random);
  to = generateIdentity('ann', random);
  rotation = makeIdentityRotation({ from, to, identityVersion: 2 });
});

const outcome = (bytes: Uint8Array, current: PublicIdentity = from): string => {
  const verified = verifyIdentityRotation(bytes, current);
  return verified.ok ? 'ok' : verified.error.kind;
};

const forge = (changes: Readonly<Record<number, unknown>>, by: readonly Identity[]) => {
  const items = (decode(rotation) as unknown[]).slice(0, 7);
  const forged = Object.assign(items, changes) as Uint8Array[];
  const signed = encodeLabelled('identity rotation', forged);
  return Uint8Array.from(encode([...forged, ...by.map((who) => who.sign(signed))]));
};

describe('a rotation of identity', () => {
  it('tells the keys that follow', () => {
    expect(verifyIdentityRotation(rotation, from)).toEqual({
      ok: true,
      value: { identityVersion: 2, publicKeys: to.publicKeys },
    });
    expect(forge({}, [from, to])).toEqual(rotation);
  });

  it('is refused with any byte changed, and at any other length', () => {
    const kinds = new Set<string>();
    for (let at = 0; at < rotation.length; at += 1) {
      const changed = Uint8Array.from(rotation);
      changed[at] = (changed[at] ?? 0) ^ 1;
      kinds.add(outcome(changed));
      kinds.add(outcome(rotation.subarray(0, at)));
    }
    kinds.add(outcome(Uint8Array.of(...rotation, 0)));
    expect([...kinds].sort()).toEqual([
      'bad_signature',
      'malformed',
      'upgrade_required',
      'wrong_identity',
    ]);
  });

  it('is refused for anybody else, and a second time', () => {
    expect(outcome(rotation, to)).toBe('wrong_identity');
    expect(outcome(rotation, generateIdentity('bea', random))).toBe('wrong_identity');
    expect(outcome(rotation, { uid: 'bea', publicKeys: from.publicKeys })).toBe('wrong_identity');
  });

  it('cannot be made without the old key, nor to keys that one does not hold', () => {
    const eve = generateIdentity('ann', random);
    const keys = { 5: eve.publicKeys.sign, 6: eve.publicKeys.box };
    expect(outcome(forge(keys, [eve, eve]))).toBe('bad_signature');
    expect(outcome(forge(keys, [from, from]))).toBe('bad_signature');
    expect(outcome(forge({ 6: new Uint8Array(32) }, [from, to]))).toBe('malformed');
  });

  it('is made for one user, to a later version', () => {
    const bea = generateIdentity('bea', random);
    expect(() => makeIdentityRotation({ from, to: bea, identityVersion: 2 })).toThrow(RangeError);
    expect(() => makeIdentityRotation({ from, to, identityVersion: 1 })).toThrow(RangeError);
  });
});
