import { inspect } from 'node:util';
import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decode, encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { makeAcceptance, verifyAcceptance } from './acceptance.js';
import { type Identity, generateIdentity } from './identity.js';
import { type InviteLink, encodeInviteFragment, parseInviteFragment } from './invite-fragment.js';
import { type InviteSecret, createInviteSecret, generateInviteSecret } from './invite-secret.js';
import { encodeLabelled } from './labelled.js';
import { loadSodium } from './sodium.js';

const random = createSeededRandom(1);
const budget = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail();
};
const secretBytes = new Uint8Array(32).fill(0x5e);

let invite: InviteSecret;
let link: InviteLink;
let fragment: string;
let bea: Identity;
let acceptance: Uint8Array;

beforeAll(async () => {
  await loadSodium();
  invite = createInviteSecret('1d'.repeat(16), secretBytes);
  link = {
    budgetId: budget('a'),
    invite,
    genesisHash: random.bytes(32),
    inviterFingerprint: random.bytes(32),
    head: { seq: Number.MAX_SAFE_INTEGER, head8: '0123456789abcdef' },
  };
  fragment = encodeInviteFragment(link);
  bea = generateIdentity('bea', random);
  acceptance = makeAcceptance({ budgetId: budget('a'), invite, identity: bea });
});

describe('the secret of an invite', () => {
  it('shows Firestore a value whose hash was stored, and keeps the keys apart from it', () => {
    expect(sha256(invite.accessValue())).toEqual(invite.accessHash);
    const { sign, box } = invite.identity.publicKeys;
    const derived = [invite.accessValue(), secretBytes, sign, box, invite.accessHash];
    expect(new Set(derived.map(bytesToHex)).size).toBe(5);
  });

  it('differs each time, in everything', () => {
    const [one, other] = [generateInviteSecret(random), generateInviteSecret(random)];
    expect(one.inviteId).not.toBe(other.inviteId);
    expect(one.accessHash).not.toEqual(other.accessHash);
    expect(one.identity.publicKeys).not.toEqual(other.identity.publicKeys);
  });

  it('never shows, and is gone once wiped', () => {
    const made = createInviteSecret('1d'.repeat(16), secretBytes);
    const shown = `[InviteSecret inviteId=${made.inviteId}]`;
    expect([inspect(made, { showHidden: true, depth: 9 }), String(made)]).toEqual([shown, shown]);
    const told = inspect({ ...link, invite: made }, { depth: 9 }) + JSON.stringify({ made });
    expect(told).not.toMatch(/94, 94|5e5e|"0":94/);
    made.wipe();
    made.wipe();
    expect(() => made.accessValue()).toThrow('wiped');
    expect(() => encodeInviteFragment({ ...link, invite: made })).toThrow('wiped');
    expect(() => made.identity.sign(secretBytes)).toThrow('wiped');
  });

  it.each([
    ['a short secret', '1d'.repeat(16), 31],
    ['an id that is no hex', 'x'.repeat(32), 32],
  ])('is not made of %s', (_name, id, length) => {
    expect(() => createInviteSecret(id, new Uint8Array(length))).toThrow(RangeError);
  });
});

describe('the link of an invite', () => {
  const kindOf = (text: string): string => {
    const parsed = parseInviteFragment(text);
    return parsed.ok ? 'ok' : parsed.error.kind;
  };

  it('tells whoever opens it what the inviter put in', () => {
    for (const text of [fragment, `#${fragment}`, ` ${fragment}\n`]) {
      const parsed = parseInviteFragment(text);
      if (!parsed.ok) return expect.fail(parsed.error.message);
      const { invite: read, ...rest } = parsed.value;
      const { invite: made, ...told } = link;
      expect(rest).toEqual(told);
      expect([read.inviteId, read.accessValue()]).toEqual([made.inviteId, made.accessValue()]);
    }
  });

  it('is plain letters that no messenger breaks or encodes', () => {
    expect(fragment).toMatch(/^[A-Za-z0-9_-]{199}$/);
  });

  it('says that its end is missing, wherever it was cut', () => {
    for (let length = 0; length < fragment.length; length += 1) {
      expect(kindOf(fragment.slice(0, length)), `${length} characters`).toBe('truncated');
    }
  });

  it('is refused with any character changed, added or missing inside', () => {
    const kinds = new Set<string>();
    // The first two characters hold the version: see the next test.
    for (let at = 2; at < fragment.length; at += 1) {
      for (const letter of ['A', 'z', '_']) {
        if (letter !== fragment[at]) {
          kinds.add(kindOf(fragment.slice(0, at) + letter + fragment.slice(at + 1)));
        }
      }
      expect(kindOf(`${fragment.slice(0, at)}%${fragment.slice(at + 1)}`)).toBe('malformed');
    }
    expect(kinds).toEqual(new Set(['malformed']));
    expect(kindOf(`${fragment}A`)).toBe('malformed');
    expect(kindOf(`${fragment}=`)).toBe('malformed');
  });

  it('asks for a newer app if one made it, whatever its length', () => {
    expect([kindOf(`Ag${fragment.slice(2)}`), kindOf('AgAA')]).toEqual([
      'upgrade_required',
      'upgrade_required',
    ]);
    expect([kindOf(`AA${fragment.slice(2)}`), kindOf('hello')]).toEqual(['malformed', 'malformed']);
  });

  it.each([
    ['seq 0', { head: { seq: 0, head8: '0123456789abcdef' } }],
    ['a short head', { head: { seq: 1, head8: '01' } }],
    ['a short genesis hash', { genesisHash: new Uint8Array(31) }],
    ['a short fingerprint', { inviterFingerprint: new Uint8Array(31) }],
  ])('is not made with %s', (_name, change) => {
    expect(() => encodeInviteFragment({ ...link, ...change })).toThrow(RangeError);
  });
});

describe('the acceptance of an invite', () => {
  const verify = (
    bytes: Uint8Array,
    change: Partial<Parameters<typeof verifyAcceptance>[0]> = {},
  ): ReturnType<typeof verifyAcceptance> =>
    verifyAcceptance({
      bytes,
      budgetId: budget('a'),
      inviteId: invite.inviteId,
      inviteSignKey: invite.identity.publicKeys.sign,
      ...change,
    });
  const kindOf = (...input: Parameters<typeof verify>): string => {
    const verified = verify(...input);
    return verified.ok ? 'ok' : verified.error.kind;
  };
  /** With items replaced, and signed by whom the forger is. */
  const forge = (changes: Readonly<Record<number, unknown>>, by: readonly Identity[]) => {
    const items = (decode(acceptance) as unknown[]).slice(0, 6);
    const forged = Object.assign(items, changes) as Uint8Array[];
    const signed = encodeLabelled('acceptance', forged);
    return Uint8Array.from(encode([...forged, ...by.map((who) => who.sign(signed))]));
  };

  it('tells who joins, with which keys', () => {
    const { uid, publicKeys } = bea;
    expect(verify(acceptance)).toEqual({ ok: true, value: { uid, publicKeys } });
    expect(forge({}, [invite.identity, bea])).toEqual(acceptance);
  });

  it('is refused with any byte changed, and at any other length', () => {
    const kinds = new Set<string>();
    for (let at = 0; at < acceptance.length; at += 1) {
      for (const flip of [1, 0x80]) {
        const changed = Uint8Array.from(acceptance);
        changed[at] = (changed[at] ?? 0) ^ flip;
        kinds.add(kindOf(changed));
      }
      kinds.add(kindOf(acceptance.subarray(0, at)));
    }
    kinds.add(kindOf(Uint8Array.of(...acceptance, 0)));
    expect([...kinds].sort()).toEqual([
      'bad_signature',
      'malformed',
      'upgrade_required',
      'wrong_invite',
    ]);
  });

  it('cannot be replayed for another budget or invite', () => {
    expect(kindOf(acceptance, { budgetId: budget('b') })).toBe('wrong_invite');
    expect(kindOf(acceptance, { inviteId: '2d'.repeat(16) })).toBe('wrong_invite');
    const other = generateInviteSecret(random);
    const { sign } = other.identity.publicKeys;
    expect(kindOf(acceptance, { inviteSignKey: sign })).toBe('bad_signature');
  });

  it('cannot be made without the link, nor in the name of keys that one does not hold', () => {
    const eve = generateIdentity('eve', random);
    const keys = { 3: 'eve', 4: eve.publicKeys.sign, 5: eve.publicKeys.box };
    expect(kindOf(forge(keys, [eve, eve]))).toBe('bad_signature');
    expect(kindOf(forge({}, [invite.identity, eve]))).toBe('bad_signature');
    expect(kindOf(forge({}, [bea, invite.identity]))).toBe('bad_signature');
    expect(kindOf(forge({ 5: eve.publicKeys.box }, [invite.identity, eve]))).toBe('bad_signature');
  });

  it('cannot bring a key for which nobody could start the next epoch', () => {
    const bytes = forge({ 5: new Uint8Array(32) }, [invite.identity, bea]);
    expect(kindOf(bytes)).toBe('malformed');
  });
});
