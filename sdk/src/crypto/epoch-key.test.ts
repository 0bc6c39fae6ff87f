import { inspect } from 'node:util';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { type EpochKey, createEpochKey, generateEpochKey } from './epoch-key.js';
import { type Identity, createIdentity, generateIdentity } from './identity.js';
import { loadSodium } from './sodium.js';

beforeAll(loadSodium);

const budget = (last: string): BudgetId => {
  const id = last.padStart(32, '0');
  if (!isBudgetId(id)) throw new TypeError('not a budget id');
  return id;
};

const secretHex = '5e'.repeat(32);
const secret = hexToBytes(secretHex);
const key = (): EpochKey => createEpochKey(secret, budget('1'), 1);
const identity = (): Identity => createIdentity('ann', { sign: secret, box: secret });

describe('an epoch key', () => {
  it('commits to key, budget and epoch, so none can be passed off as another', () => {
    const other = Uint8Array.from(secret).fill(0, 31);
    const kids = [
      key(),
      createEpochKey(secret, budget('1'), 2),
      createEpochKey(secret, budget('2'), 1),
      createEpochKey(other, budget('1'), 1),
    ].map(({ kid }) => bytesToHex(kid));
    expect(new Set(kids).size).toBe(4);
    expect(bytesToHex(key().kid)).toBe(kids[0]);
  });

  it('has another subkey for every purpose', () => {
    const made = key();
    const purposes = [
      'entry',
      'headTag',
      'presence',
      'snapshot',
      'previousEpoch',
      'localStore',
    ] as const;
    const subkeys = purposes.map((purpose) => bytesToHex(made.subkey(purpose)));
    expect(new Set([...subkeys, secretHex]).size).toBe(7);
  });

  it('keeps its own copy and its source can be wiped', () => {
    const source = Uint8Array.from(secret);
    const made = createEpochKey(source, budget('1'), 1);
    source.fill(0);
    expect(made.subkey('entry')).toEqual(key().subkey('entry'));
  });

  it('refuses to be used once wiped, and may be wiped twice', () => {
    const made = key();
    const subkey = made.subkey('entry');
    made.wipe();
    made.wipe();
    expect(subkey).toEqual(new Uint8Array(32));
    expect(() => made.subkey('entry')).toThrow('wiped');
  });

  it.each([0, -1, 1.5, 2 ** 32, Number.NaN])('refuses epoch %d', (epoch) => {
    expect(() => createEpochKey(secret, budget('1'), epoch)).toThrow(RangeError);
  });

  it('refuses a key that is not 32 bytes long', () => {
    expect(() => createEpochKey(secret.subarray(1), budget('1'), 1)).toThrow(RangeError);
  });
});

describe('an identity', () => {
  it('refuses to sign once wiped, and may be wiped twice', () => {
    const made = identity();
    made.wipe();
    made.wipe();
    expect(() => made.sign(new Uint8Array(1))).toThrow('wiped');
  });

  it('differs each time it is generated', () => {
    let next = 0;
    const random = { bytes: (length: number) => new Uint8Array(length).fill((next += 1)) };
    const [first, second] = [generateIdentity('ann', random), generateIdentity('ann', random)];
    expect(first.publicKeys.sign).not.toEqual(second.publicKeys.sign);
    expect(first.publicKeys.box).not.toEqual(second.publicKeys.box);
    const keys = [
      generateEpochKey(random, budget('1'), 1),
      generateEpochKey(random, budget('1'), 1),
    ];
    expect(keys[0]?.kid).not.toEqual(keys[1]?.kid);
  });
});

describe('a secret that ends up in a log', () => {
  it.each([
    ['an epoch key', key, '[EpochKey epoch=1]'],
    ['an identity', identity, '[Identity uid=ann]'],
  ])('shows nothing of %s', (_name, make, shown) => {
    const made = make();
    expect([inspect(made, { showHidden: true, depth: 9 }), String(made)]).toEqual([shown, shown]);
    expect(JSON.stringify({ made })).toBe(JSON.stringify({ made: shown }));
    const everything = Object.values(made).map((value) => inspect(value, { depth: 9 }));
    expect(everything.join()).not.toContain(inspect(secret));
    expect(Object.getOwnPropertyNames(made).join()).not.toMatch(/key$|secret|seed/i);
  });
});
