import { decode, encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { type Identity, generateIdentity } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { type NoticeKind, makeNotice, readNoticeAuthor, verifyNotice } from './notice.js';
import { loadSodium } from './sodium.js';

const random = createSeededRandom(1);
const budget = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail();
};
const budgetId = budget('a');

let ann: Identity;
let removal: Uint8Array;

beforeAll(async () => {
  await loadSodium();
  ann = generateIdentity('ann', random);
  removal = makeNotice({ kind: 'removed', budgetId, uid: 'bea', by: ann, epoch: 3 });
});

function verify(
  bytes: Uint8Array,
  change: Partial<Parameters<typeof verifyNotice>[0]> = {},
): ReturnType<typeof verifyNotice> {
  const bySignKey = ann.publicKeys.sign;
  return verifyNotice({ bytes, budgetId, kind: 'removed', uid: 'bea', bySignKey, ...change });
}

const outcome = (...input: Parameters<typeof verify>): string => {
  const verified = verify(...input);
  return verified.ok ? 'ok' : verified.error.kind;
};

/** The removal with other items, signed again: what a malicious member could make. */
function forge(changes: Readonly<Record<number, unknown>>, by = ann): Uint8Array {
  const items = (decode(removal) as unknown[]).slice(0, -1);
  const forged = Object.assign(items, changes) as Uint8Array[];
  return Uint8Array.from(encode([...forged, by.sign(encodeLabelled('notice', forged))]));
}

describe('a notice', () => {
  it('tells who signed it, and in which epoch', () => {
    expect(verify(removal)).toEqual({ ok: true, value: { by: 'ann', epoch: 3 } });
    expect(readNoticeAuthor(removal)).toEqual({ ok: true, value: 'ann' });
    expect(forge({})).toEqual(removal);
    for (const kind of ['left', 'deleted'] as const) {
      const bytes = makeNotice({ kind, budgetId, uid: 'ann', by: ann, epoch: 1 });
      expect(outcome(bytes, { kind, uid: 'ann' })).toBe('ok');
    }
  });

  it('is refused with any byte changed, and at any other length', () => {
    const kinds = new Set<string>();
    for (let at = 0; at < removal.length; at += 1) {
      for (const flip of [1, 0x80]) {
        const changed = Uint8Array.from(removal);
        changed[at] = (changed[at] ?? 0) ^ flip;
        kinds.add(outcome(changed));
      }
      kinds.add(outcome(removal.subarray(0, at)));
    }
    kinds.add(outcome(Uint8Array.of(...removal, 0)));
    expect([...kinds].sort()).toEqual([
      'bad_signature',
      'malformed',
      'upgrade_required',
      'wrong_notice',
    ]);
  });

  it('is none of another budget, person or kind, so that nobody is shown one that fits', () => {
    expect(outcome(removal, { budgetId: budget('b') })).toBe('wrong_notice');
    expect(outcome(removal, { uid: 'cid' })).toBe('wrong_notice');
    for (const kind of ['left', 'deleted'] as const) {
      expect(outcome(removal, { kind })).toBe('wrong_notice');
    }
  });

  it('is refused unless whom it names has signed it', () => {
    const eve = generateIdentity('eve', random);
    expect(outcome(removal, { bySignKey: eve.publicKeys.sign })).toBe('bad_signature');
    expect(outcome(forge({}, eve))).toBe('bad_signature');
    const signature = ann.sign(encodeLabelled('acceptance', decode(removal) as Uint8Array[]));
    const items = (decode(removal) as unknown[]).slice(0, -1);
    expect(outcome(Uint8Array.from(encode([...items, signature])))).toBe('bad_signature');
  });

  it('lets nobody leave or delete for another, nor remove themselves', () => {
    const kinds: readonly [NoticeKind, string][] = [
      ['left', 'bea'],
      ['deleted', 'bea'],
      ['removed', 'ann'],
    ];
    for (const [at, [kind, uid]] of kinds.entries()) {
      expect(() => makeNotice({ kind, budgetId, uid, by: ann, epoch: 1 })).toThrow(RangeError);
      const code = ['left', 'removed', 'deleted'].indexOf(kind);
      const forged = forge({ 1: code, 3: uid });
      expect([at, outcome(forged, { kind, uid })]).toEqual([at, 'malformed']);
      expect(readNoticeAuthor(forged)).toMatchObject({ error: { kind: 'malformed' } });
    }
  });

  it('of a newer app asks for one, and of numbers out of range is none', () => {
    expect(outcome(forge({ 1: 3 }))).toBe('upgrade_required');
    expect(outcome(Uint8Array.from(encode([2])))).toBe('upgrade_required');
    for (const changes of [
      { 1: -1 },
      { 5: 0 },
      { 5: 2 ** 32 },
      { 3: '' },
      { 4: 'x'.repeat(129) },
    ]) {
      expect(outcome(forge(changes))).toBe('malformed');
    }
    expect(() => makeNotice({ kind: 'left', budgetId, uid: 'ann', by: ann, epoch: 0 })).toThrow(
      RangeError,
    );
  });
});
