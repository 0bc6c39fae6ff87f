import { hexToBytes } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { sealBytes } from './aead.js';
import { openPin, sealPin } from './budget-pin.js';
import { type Identity, agreeOnSecret, createIdentity, generateIdentity } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { loadSodium, sodium } from './sodium.js';

const random = createSeededRandom(1);
const budget = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail();
};
const budgetId = budget('a');
const genesisHash = new Uint8Array(32).fill(6);
const inviteFragment = 'AQ'.repeat(99);

let ann: Identity;
let pin: Uint8Array;

beforeAll(async () => {
  await loadSodium();
  ann = generateIdentity('ann', random);
  pin = sealPin({ budgetId, identity: ann, genesisHash, inviteFragment, random });
});

function outcome(bytes: Uint8Array, change: Partial<Parameters<typeof openPin>[0]> = {}): string {
  const opened = openPin({ bytes, budgetId, identity: ann, ...change });
  return opened.ok ? 'ok' : opened.error.kind;
}

describe('a pin of a budget', () => {
  it('tells the other devices of a user which budget it is, and how it is being joined', () => {
    expect(openPin({ bytes: pin, budgetId, identity: ann })).toEqual({
      ok: true,
      value: { genesisHash, inviteFragment },
    });
    const joined = sealPin({ budgetId, identity: ann, genesisHash, random });
    expect(openPin({ bytes: joined, budgetId, identity: ann })).toEqual({
      ok: true,
      value: { genesisHash },
    });
  });

  it('is refused with any byte changed, and at any other length', () => {
    const kinds = new Set<string>();
    for (let at = 0; at < pin.length; at += 1) {
      for (const flip of [1, 0x80]) {
        const changed = Uint8Array.from(pin);
        changed[at] = (changed[at] ?? 0) ^ flip;
        kinds.add(outcome(changed));
      }
      kinds.add(outcome(pin.subarray(0, at)));
    }
    kinds.add(outcome(Uint8Array.of(...pin, 0)));
    kinds.add(outcome(Uint8Array.from(encode([1, new Uint8Array(24), new Uint8Array(15)]))));
    expect([...kinds].sort()).toEqual(['malformed', 'not_authentic', 'upgrade_required']);
  });

  it('is none of another budget, user or identity', () => {
    expect(outcome(pin, { budgetId: budget('b') })).toBe('not_authentic');
    expect(outcome(pin, { identity: generateIdentity('ann', random) })).toBe('not_authentic');
    const seeds = { sign: new Uint8Array(32), box: new Uint8Array(32) };
    const [one, other] = [createIdentity('bea', seeds), createIdentity('eve', seeds)];
    const sealed = sealPin({ budgetId, identity: one, genesisHash, random });
    expect(outcome(sealed, { identity: other })).toBe('not_authentic');
    expect(outcome(sealed, { identity: one })).toBe('ok');
  });

  it('shows neither the link nor the genesis hash to who stores it', () => {
    expect(Buffer.from(pin).includes(Buffer.alloc(8, 6))).toBe(false);
    expect(Buffer.from(pin).includes(inviteFragment.slice(0, 8))).toBe(false);
    expect(pin.length).toBeLessThanOrEqual(1024);
  });

  it('holds nothing else than its two items', () => {
    const bound = encodeLabelled('pin', [1, hexToBytes(budgetId), 'ann']);
    const secret = agreeOnSecret(ann, ann.publicKeys.box) ?? expect.fail();
    const key = sodium().crypto_generichash(32, encodeLabelled('pin key', [1, 'ann']), secret);
    const sealed = (content: unknown): Uint8Array => {
      const { nonce, ciphertext } = sealBytes(encode(content), bound, key, random);
      return Uint8Array.from(encode([1, nonce, ciphertext]));
    };
    expect(outcome(sealed([genesisHash, '']))).toBe('ok');
    for (const content of [
      7,
      [genesisHash],
      [genesisHash, '', 0],
      [genesisHash.subarray(1), ''],
      [genesisHash, 7],
      [genesisHash, 'x'.repeat(513)],
    ]) {
      expect(outcome(sealed(content))).toBe('malformed');
    }
  });

  it('is made of a whole genesis hash and a fragment that fits, by keys that are there', () => {
    const seal = (change: Partial<Parameters<typeof sealPin>[0]>): Uint8Array =>
      sealPin({ budgetId, identity: ann, genesisHash, random, ...change });
    expect(() => seal({ genesisHash: genesisHash.subarray(1) })).toThrow(RangeError);
    expect(() => seal({ inviteFragment: 'x'.repeat(513) })).toThrow(RangeError);
    const wiped = generateIdentity('ann', random);
    wiped.wipe();
    expect(() => seal({ identity: wiped })).toThrow('wiped');
    expect(() => outcome(pin, { identity: wiped })).toThrow('wiped');
  });
});
