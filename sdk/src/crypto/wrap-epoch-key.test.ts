import { inspect } from 'node:util';
import { decode, encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { type EpochKey, createEpochKey, generateEpochKey } from './epoch-key.js';
import { type Identity, agreeOnSecret, createIdentity, generateIdentity } from './identity.js';
import { generateInviteSecret } from './invite-secret.js';
import { encodeLabelled } from './labelled.js';
import { openPreviousKey, sealPreviousKey } from './previous-key.js';
import { loadSodium } from './sodium.js';
import { unwrapEpochKey, wrapEpochKey } from './wrap-epoch-key.js';
import { isSoundWrap } from './check-wrap.js';

const random = createSeededRandom(1);
const budget = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail();
};

let epochKey: EpochKey;
let ann: Identity;
let bea: Identity;
let wrap: Uint8Array;

beforeAll(async () => {
  await loadSodium();
  epochKey = generateEpochKey(random, budget('a'), 2);
  ann = generateIdentity('ann', random);
  bea = generateIdentity('bea', random);
  wrap = wrapFor(bea);
});

function wrapFor({ uid, publicKeys }: Identity, key = epochKey, by = ann): Uint8Array {
  const recipient = { uid, box: publicKeys.box };
  const wrapped = wrapEpochKey({ epochKey: key, recipient, by, random });
  return wrapped.ok ? wrapped.value : expect.fail(wrapped.error.message);
}

function unwrap(
  bytes: Uint8Array,
  change: Partial<Parameters<typeof unwrapEpochKey>[0]> = {},
): ReturnType<typeof unwrapEpochKey> {
  const { budgetId, epoch, kid } = epochKey;
  const wrapperSignKey = ann.publicKeys.sign;
  return unwrapEpochKey({ bytes, identity: bea, wrapperSignKey, budgetId, epoch, kid, ...change });
}

const outcome = (...input: Parameters<typeof unwrap>): string => {
  const unwrapped = unwrap(...input);
  return unwrapped.ok ? 'ok' : unwrapped.error.kind;
};

/** The wrap with item `at` replaced and signed again: what a malicious member could make. */
function forge(
  bytes: Uint8Array,
  changes: Readonly<Record<number, unknown>>,
  by = ann,
): Uint8Array {
  const items = decode(bytes) as Uint8Array[];
  const unsigned = items.slice(0, -1);
  const forged = Object.assign([...unsigned], changes);
  return Uint8Array.from(encode([...forged, by.sign(encodeLabelled('wrap', forged))]));
}

describe('an epoch key that is wrapped for a member', () => {
  it('is the same key on the other side, which opens what it sealed', () => {
    const unwrapped = unwrap(wrap);
    if (!unwrapped.ok) return expect.fail(unwrapped.error.message);
    expect(unwrapped.value.kid).toEqual(epochKey.kid);
    expect(unwrapped.value.subkey('entry')).toEqual(epochKey.subkey('entry'));
  });

  it('can be wrapped for an invite, so that nobody has to be online to approve', () => {
    const { identity } = generateInviteSecret(random);
    expect(outcome(wrapFor(identity), { identity })).toBe('ok');
  });

  it('is refused with any byte changed, and at any other length', () => {
    const kinds = new Set<string>();
    for (let at = 0; at < wrap.length; at += 1) {
      for (const flip of [1, 0x80]) {
        const changed = Uint8Array.from(wrap);
        changed[at] = (changed[at] ?? 0) ^ flip;
        kinds.add(outcome(changed));
      }
      kinds.add(outcome(wrap.subarray(0, at)));
    }
    kinds.add(outcome(Uint8Array.of(...wrap, 0)));
    expect([...kinds].sort()).toEqual(['bad_signature', 'malformed', 'upgrade_required']);
  });

  it('is refused by whom it is not for, under their name too', () => {
    const eve = generateIdentity('eve', random);
    expect(outcome(wrap, { identity: eve })).toBe('not_for_me');
    expect(outcome(wrap, { identity: generateIdentity('bea', random) })).toBe('not_for_me');
    const seeds = { sign: new Uint8Array(32), box: new Uint8Array(32) };
    const [one, other] = [createIdentity('bea', seeds), createIdentity('eve', seeds)];
    expect(outcome(wrapFor(one), { identity: other })).toBe('not_for_me');
    const swapped = forge(wrap, { 4: 'eve', 5: eve.publicKeys.box });
    expect(outcome(swapped, { identity: eve })).toBe('wrong_key');
  });

  it('is refused unless the named wrapper signed it', () => {
    const eve = generateIdentity('eve', random);
    expect(outcome(wrap, { wrapperSignKey: eve.publicKeys.sign })).toBe('bad_signature');
    expect(outcome(wrapFor(bea, epochKey, eve))).toBe('bad_signature');
    expect(outcome(forge(wrap, {}, eve))).toBe('bad_signature');
    expect(outcome(forge(wrap, {}))).toBe('ok');
  });

  it('is known by its commitment alone while nobody could be verified yet', () => {
    const eve = generateIdentity('eve', random);
    const unverified = { wrapperSignKey: undefined };
    expect(outcome(forge(wrap, {}, eve), unverified)).toBe('ok');
    expect(outcome(wrap, { ...unverified, identity: eve })).toBe('not_for_me');
    expect(outcome(wrap, { ...unverified, epoch: 3 })).toBe('wrong_key');
    const other = generateEpochKey(random, budget('a'), 2);
    expect(outcome(wrapFor(bea, other), unverified)).toBe('wrong_key');
    Object.defineProperty(other, 'kid', { value: epochKey.kid });
    expect(outcome(wrapFor(bea, other), unverified)).toBe('wrong_key');
  });

  it('is told sound or not by others, who cannot open it', () => {
    const recipient = { uid: 'bea', box: bea.publicKeys.box };
    const signKeyOf = (uid: string): Uint8Array | undefined =>
      uid === 'ann' ? ann.publicKeys.sign : undefined;
    const isSound = (change: Partial<Parameters<typeof isSoundWrap>[0]> = {}): boolean =>
      isSoundWrap({
        bytes: wrap,
        budgetId: epochKey.budgetId,
        epoch: epochKey.epoch,
        kid: epochKey.kid,
        recipient,
        signKeyOf,
        ...change,
      });
    expect(isSound()).toBe(true);
    expect(isSound({ budgetId: budget('b') })).toBe(false);
    expect(isSound({ epoch: epochKey.epoch + 1 })).toBe(false);
    expect(isSound({ kid: new Uint8Array(32) })).toBe(false);
    expect(isSound({ recipient: { ...recipient, uid: 'eve' } })).toBe(false);
    expect(isSound({ recipient: { ...recipient, box: ann.publicKeys.box } })).toBe(false);
    expect(isSound({ signKeyOf: () => undefined })).toBe(false);
    expect(isSound({ signKeyOf: () => bea.publicKeys.sign })).toBe(false);
    expect(isSound({ bytes: wrap.subarray(1) })).toBe(false);
  });

  it('is refused in another budget, epoch or place of the log', () => {
    expect(outcome(wrap, { budgetId: budget('b') })).toBe('wrong_key');
    expect(outcome(wrap, { epoch: 3 })).toBe('wrong_key');
    expect(outcome(wrap, { kid: new Uint8Array(32) })).toBe('wrong_key');
    const { kid } = generateEpochKey(random, budget('a'), 2);
    expect(outcome(forge(wrap, { 3: kid }), { kid })).toBe('wrong_key');
    expect(outcome(forge(wrap, { 2: 3 }), { epoch: 3 })).toBe('wrong_key');
    expect(outcome(forge(wrap, { 6: 'cid' }))).toBe('wrong_key');
  });

  it('is refused if the wrapper put in another key than the log commits to', () => {
    const other = generateEpochKey(random, budget('a'), 2);
    // Everything that is bound and signed names the committed key; only the content lies.
    Object.defineProperty(other, 'kid', { value: epochKey.kid });
    expect(outcome(wrapFor(bea, other))).toBe('wrong_key');
  });

  it('is not wrapped for a public key with which anybody could open it', () => {
    const recipient = { uid: 'bea', box: new Uint8Array(32) };
    const wrapped = wrapEpochKey({ epochKey, recipient, by: ann, random });
    expect(wrapped.ok ? 'ok' : wrapped.error.kind).toBe('bad_public_key');
    expect(agreeOnSecret(bea, new Uint8Array(32))).toBeUndefined();
    expect(outcome(forge(wrap, { 7: new Uint8Array(32) }))).toBe('wrong_key');
  });

  it('does not show in the wrap, nor does anything show of what came out', () => {
    const secret = new Uint8Array(32).fill(0x5e);
    const key = createEpochKey(secret, budget('a'), 2);
    const bytes = wrapFor(bea, key);
    expect(Buffer.from(bytes).includes(Buffer.alloc(8, 0x5e))).toBe(false);
    const unwrapped = unwrap(bytes, { kid: key.kid });
    expect(unwrapped.ok).toBe(true);
    const shown = inspect(unwrapped, { showHidden: true, depth: 9 }) + JSON.stringify(unwrapped);
    expect(shown).not.toMatch(/94, 94|5e5e|"0":94/);
  });

  it('is wrapped by and for nobody whose keys were wiped', () => {
    const seeds = { sign: new Uint8Array(32), box: new Uint8Array(32) };
    const wiped = createIdentity('bea', seeds);
    const bytes = wrapFor(wiped);
    wiped.wipe();
    expect(() => outcome(bytes, { identity: wiped })).toThrow('wiped');
    const key = generateEpochKey(random, budget('a'), 2);
    key.wipe();
    expect(() => wrapFor(bea, key)).toThrow('wiped');
  });
});

describe('the key of the epoch before, sealed for who comes later', () => {
  const oldKey = (): EpochKey => createEpochKey(new Uint8Array(32).fill(3), budget('a'), 1);
  const kindOf = (...input: Parameters<typeof openPreviousKey>): string => {
    const opened = openPreviousKey(...input);
    return opened.ok ? 'ok' : opened.error.kind;
  };

  it('opens old history', () => {
    const opened = openPreviousKey(sealPreviousKey(epochKey, oldKey(), random), epochKey, oldKey());
    if (!opened.ok) return expect.fail(opened.error.message);
    expect(opened.value.subkey('entry')).toEqual(oldKey().subkey('entry'));
  });

  it('is refused with any byte changed, and at any shorter length', () => {
    const sealed = sealPreviousKey(epochKey, oldKey(), random);
    const kinds = new Set<string>();
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      kinds.add(kindOf(changed, epochKey, oldKey()));
      kinds.add(kindOf(sealed.subarray(0, at), epochKey, oldKey()));
    }
    expect([...kinds].sort()).toEqual(['malformed', 'upgrade_required', 'wrong_key']);
  });

  it('is refused under another key, for another epoch and for another commitment', () => {
    const sealed = sealPreviousKey(epochKey, oldKey(), random);
    const other = generateEpochKey(random, budget('a'), 2);
    const { kid } = oldKey();
    expect(kindOf(sealed, other, oldKey())).toBe('wrong_key');
    expect(kindOf(sealed, epochKey, { epoch: 2, kid })).toBe('wrong_key');
    expect(kindOf(sealed, epochKey, { epoch: 1, kid: other.kid })).toBe('wrong_key');
  });

  it('is refused if another key was put in than the log commits to', () => {
    const other = createEpochKey(new Uint8Array(32).fill(4), budget('a'), 1);
    Object.defineProperty(other, 'kid', { value: oldKey().kid });
    const sealed = sealPreviousKey(epochKey, other, random);
    expect(kindOf(sealed, epochKey, oldKey())).toBe('wrong_key');
  });

  it('is sealed for a later epoch of the same budget only', () => {
    const elsewhere = createEpochKey(new Uint8Array(32), budget('b'), 1);
    expect(() => sealPreviousKey(epochKey, epochKey, random)).toThrow(RangeError);
    expect(() => sealPreviousKey(epochKey, elsewhere, random)).toThrow(RangeError);
  });
});
