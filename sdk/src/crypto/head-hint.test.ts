import type { HeadHint } from '@sealsync/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { type EpochKey, createEpochKey } from './epoch-key.js';
import { makeHeadHint, verifyHeadHint } from './head-hint.js';
import { loadSodium } from './sodium.js';

beforeAll(loadSodium);

const id = '0'.repeat(32);
const budgetId: BudgetId = isBudgetId(id) ? id : expect.fail();
const keyOf = (epoch: number, fill = 1): EpochKey =>
  createEpochKey(new Uint8Array(32).fill(fill), budgetId, epoch);
const headHash = Uint8Array.from({ length: 32 }, (_, index) => index);
const hintOf = (epochKey: EpochKey): HeadHint => makeHeadHint({ seq: 7, headHash, epochKey });

describe('the tag of a head', () => {
  it('is accepted from a holder of the epoch key and tells the start of the head', () => {
    const hint = hintOf(keyOf(1));
    expect(hint).toMatchObject({ seq: 7, epoch: 1, head8: '0001020304050607' });
    expect(verifyHeadHint(hint, keyOf(1))).toBe(true);
  });

  it.each([
    ['seq', { seq: 8 }],
    ['epoch', { epoch: 2 }],
    ['head', { head8: '0001020304050608' }],
    ['MAC', { mac8: '0000000000000000' }],
    ['seq that is no integer', { seq: 7.5 }],
    ['MAC of another length', { mac8: '00' }],
    ['head that is no hex', { head8: 'x'.repeat(16) }],
  ])('is refused with another %s, so a signaling server cannot forge one', (_name, change) => {
    const hint = { ...hintOf(keyOf(1)), ...change };
    expect(verifyHeadHint(hint, keyOf(1))).toBe(false);
  });

  it('tells an early head from one that is there: a server can turn neither into the other', () => {
    const there = hintOf(keyOf(1));
    const early = makeHeadHint({ seq: 7, headHash, epochKey: keyOf(1), early: true });
    expect(verifyHeadHint(early, keyOf(1))).toBe(true);
    const { early: _, ...turned } = early;
    expect(verifyHeadHint(turned, keyOf(1))).toBe(false);
    expect(verifyHeadHint({ ...there, early: true }, keyOf(1))).toBe(false);
  });

  it('is refused under another key and another epoch of the same key', () => {
    const hint = hintOf(keyOf(1));
    expect(verifyHeadHint(hint, keyOf(1, 2))).toBe(false);
    expect(verifyHeadHint({ ...hint, epoch: 2 }, keyOf(2))).toBe(false);
  });
});
