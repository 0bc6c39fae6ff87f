import { describe, expect, it } from 'vitest';
import { findConflicts } from './conflict.js';
import type { Op, Value } from './edit.js';
import type { DeviceId } from './ids.js';
import type { OpContext } from './op-context.js';
import { copyRecord, emptyRecord, mergeOp, type RecordState } from './record.js';

const at = { collection: 'envelopes', id: 'food' };
const put = (fields: Record<string, Value>): Op => ({ type: 'put', ...at, fields });
const set = (field: string, value: Value): Op => ({ type: 'set', ...at, field, value });
const remove: Op = { type: 'remove', ...at };

const by = (author: string, wallMs: number, seq: number, base = seq - 1): OpContext => ({
  stamp: { wallMs, logical: 0 },
  device: author.padEnd(32, '0') as DeviceId,
  counter: seq,
  index: 0,
  author,
  base,
  seq,
});

function applyOp(record: RecordState, op: Op, context: OpContext): RecordState {
  const copy = copyRecord(record);
  mergeOp(copy, op, context);
  return copy;
}

const shared: RecordState = applyOp(emptyRecord(), put({ name: 'Food', limit: 1 }), by('a', 1, 1));
const changedByAnn: RecordState = applyOp(shared, set('name', 'Ann'), by('a', 5, 2));

describe('two people who changed the same field without seeing each other', () => {
  it('learn of both values, both authors, and the later one wins', () => {
    expect(findConflicts(changedByAnn, set('name', 'Ben'), by('b', 9, 3, 1))).toEqual([
      {
        ...at,
        field: 'name',
        seq: 3,
        winner: { author: 'b', value: 'Ben' },
        loser: { author: 'a', value: 'Ann' },
      },
    ]);
    const [older] = findConflicts(changedByAnn, set('name', 'Ben'), by('b', 2, 3, 1));
    expect(older?.winner).toEqual({ author: 'a', value: 'Ann' });
  });

  it('wrote the same: there is nothing to report, however deep the value', () => {
    const deep = applyOp(shared, set('tags', { a: [1, { b: null }] }), by('a', 5, 2));
    expect(findConflicts(deep, set('tags', { a: [1, { b: null }] }), by('b', 9, 3, 1))).toEqual([]);
    expect(findConflicts(deep, set('tags', { a: [1, { b: 0 }] }), by('b', 9, 3, 1))).toHaveLength(
      1,
    );
  });
});

describe('no conflict', () => {
  it('is reported when the later author had seen the other change', () => {
    expect(findConflicts(changedByAnn, set('name', 'Ben'), by('b', 9, 3, 2))).toEqual([]);
  });

  it('is reported between two devices of one person', () => {
    const other = { ...by('a', 9, 3, 1), device: 'f'.repeat(32) as DeviceId };
    expect(findConflicts(changedByAnn, set('name', 'again'), other)).toEqual([]);
  });

  it('is reported for another field, or for an increment', () => {
    expect(findConflicts(changedByAnn, set('limit', 2), by('b', 9, 3, 1))).toEqual([]);
    const add: Op = { type: 'increment', ...at, field: 'name', by: 1 };
    expect(findConflicts(changedByAnn, add, by('b', 9, 3, 1))).toEqual([]);
  });
});

describe('a removal', () => {
  it('that meets an edit it had not seen reports the edit that is gone', () => {
    const [conflict] = findConflicts(changedByAnn, remove, by('b', 3, 3, 1));
    expect(conflict).toMatchObject({
      field: 'name',
      winner: { author: 'b', value: undefined },
      loser: { author: 'a', value: 'Ann' },
    });
  });

  it('is reported as the winner over a later edit that had not seen it', () => {
    const removed = applyOp(shared, remove, by('a', 2, 2));
    const [conflict] = findConflicts(removed, set('name', 'Ben'), by('b', 9, 3, 1));
    expect(conflict).toMatchObject({
      winner: { author: 'a', value: undefined },
      loser: { author: 'b', value: 'Ben' },
    });
  });

  it('loses to a later put that had not seen it', () => {
    const removed = applyOp(shared, remove, by('a', 2, 2));
    const conflicts = findConflicts(removed, put({ name: 'Back' }), by('b', 9, 3, 1));
    expect(conflicts.map(({ winner }) => winner.author)).toContain('b');
    expect(conflicts.every(({ winner }) => winner.author === 'b')).toBe(true);
  });
});

describe('a put', () => {
  it('that leaves a field out reports the edit of it that it had not seen', () => {
    const [conflict] = findConflicts(changedByAnn, put({ limit: 1 }), by('b', 9, 3, 1));
    expect(conflict).toMatchObject({
      field: 'name',
      winner: { author: 'b', value: undefined },
      loser: { author: 'a', value: 'Ann' },
    });
  });
});
