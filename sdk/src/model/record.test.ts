import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op } from './edit.js';
import type { DeviceId } from './ids.js';
import type { OpContext } from './op-context.js';
import { copyRecord, emptyRecord, mergeOp, readRecord, type RecordState } from './record.js';

const ANN = 'a'.repeat(32) as DeviceId;
const BEN = 'b'.repeat(32) as DeviceId;
const at = { collection: 'envelopes', id: 'food' };

const put = (fields: Record<string, number | string>): Op => ({ type: 'put', ...at, fields });
const set = (field: string, value: number | string): Op => ({ type: 'set', ...at, field, value });
const add = (field: string, by: number): Op => ({ type: 'increment', ...at, field, by });
const remove: Op = { type: 'remove', ...at };

/** An op at wall time `wallMs`, in log entry `seq`, by a device that had seen up to `base`. */
const by = (device: DeviceId, wallMs: number, seq: number, base = seq - 1): OpContext => ({
  stamp: { wallMs, logical: 0 },
  device,
  counter: seq,
  index: 0,
  author: device === ANN ? 'ann' : 'ben',
  base,
  seq,
});

const fold = (...ops: readonly (readonly [Op, OpContext])[]): RecordState =>
  ops.reduce((record, [op, context]) => applyOp(record, op, context), emptyRecord());

function applyOp(record: RecordState, op: Op, context: OpContext): RecordState {
  const copy = copyRecord(record);
  mergeOp(copy, op, context);
  return copy;
}

describe('a field', () => {
  it('holds the later write, although it came first in the log', () => {
    const record = fold(
      [put({ name: 'Food' }), by(ANN, 1, 1)],
      [set('name', 'later'), by(ANN, 9, 2)],
      [set('name', 'earlier'), by(BEN, 5, 3, 1)],
    );
    expect(readRecord(record)).toEqual({ name: 'later' });
  });

  it('is decided by the device id when two stamps are equal', () => {
    const record = fold(
      [put({ name: 'Food' }), by(ANN, 1, 1)],
      [set('name', 'ben'), by(BEN, 5, 2, 1)],
      [set('name', 'ann'), by(ANN, 5, 3, 1)],
    );
    expect(readRecord(record)).toEqual({ name: 'ben' });
  });

  it('is gone when a later put leaves it out', () => {
    const record = fold(
      [put({ name: 'Food', note: 'x' }), by(ANN, 1, 1)],
      [put({ name: 'Food' }), by(BEN, 2, 2)],
    );
    expect(readRecord(record)).toEqual({ name: 'Food' });
  });
});

describe('an increment', () => {
  it('adds on top of a write whose author had not seen it', () => {
    const record = fold(
      [put({ spent: 100 }), by(ANN, 1, 1)],
      [add('spent', 5), by(ANN, 2, 2)],
      [set('spent', 50), by(BEN, 3, 3, 1)],
    );
    expect(readRecord(record)).toEqual({ spent: 55 });
  });

  it('is absorbed by a write whose author had seen it', () => {
    const record = fold(
      [put({ spent: 100 }), by(ANN, 1, 1)],
      [add('spent', 5), by(ANN, 2, 2)],
      [set('spent', 50), by(BEN, 3, 3, 2)],
    );
    expect(readRecord(record)).toEqual({ spent: 50 });
  });

  it('is absorbed by a write that its own device made afterwards, pushed or not', () => {
    const record = fold(
      [put({ spent: 100 }), by(ANN, 1, 1)],
      [add('spent', 5), { ...by(ANN, 2, Infinity, 1), counter: 2 }],
      [set('spent', 7), { ...by(ANN, 3, Infinity, 1), counter: 3 }],
    );
    expect(readRecord(record)).toEqual({ spent: 7 });
  });

  it('is there again when the write that absorbed it loses to one that had not seen it', () => {
    const record = fold(
      [put({ spent: 100 }), by(ANN, 1, 1)],
      [add('spent', 5), by(ANN, 2, 2)],
      [set('spent', 50), by(ANN, 3, 3, 2)],
      [set('spent', 60), by(BEN, 9, 4, 1)],
    );
    expect(readRecord(record)).toEqual({ spent: 65 });
  });

  it('on a removed record stays dormant, and a put by one who had not seen it brings it back', () => {
    const removed = fold(
      [put({ spent: 100 }), by(ANN, 1, 1)],
      [remove, by(ANN, 2, 2)],
      [add('spent', 5), by(BEN, 3, 3, 1)],
    );
    expect(readRecord(removed)).toBeUndefined();
    const back = applyOp(removed, put({ spent: 10 }), by(ANN, 4, 4, 2));
    expect(readRecord(back)).toEqual({ spent: 15 });
    const absorbed = applyOp(removed, put({ spent: 10 }), by(ANN, 4, 4, 3));
    expect(readRecord(absorbed)).toEqual({ spent: 10 });
  });
});

describe('a removal', () => {
  it('beats a later field edit by somebody who had not seen it', () => {
    const record = fold(
      [put({ name: 'Food' }), by(ANN, 1, 1)],
      [remove, by(ANN, 2, 2)],
      [set('name', 'Groceries'), by(BEN, 9, 3, 1)],
    );
    expect(readRecord(record)).toBeUndefined();
  });

  it('gives way to a later put', () => {
    const record = fold(
      [put({ name: 'Food' }), by(ANN, 1, 1)],
      [remove, by(ANN, 2, 2)],
      [put({ name: 'Again' }), by(BEN, 3, 3)],
    );
    expect(readRecord(record)).toEqual({ name: 'Again' });
  });
});

describe('any history of one record', () => {
  const device = fc.constantFrom(ANN, BEN);
  const field = fc.constantFrom('x', 'y');
  const amount = fc.integer({ min: -5, max: 5 });
  const op: fc.Arbitrary<Op> = fc.oneof(
    fc.dictionary(field, amount, { maxKeys: 2 }).map((fields) => put(fields)),
    fc.tuple(field, amount).map(([name, value]) => set(name, value)),
    fc
      .tuple(
        field,
        amount.filter((n) => n !== 0),
      )
      .map(([name, n]) => add(name, n)),
    fc.constant(remove),
  );
  const history = fc
    .array(fc.tuple(op, device, fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 12,
    })
    .map((steps) =>
      steps.map(
        ([o, d, wallMs, seen], index) =>
          [o, by(d, wallMs, index + 1, Math.floor(seen * index))] as const,
      ),
    );

  it('reads the same whatever the order in which its ops arrive', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat()), (ops, order) => {
        const shuffled = ops
          .map((step) => ({ step, rank: order.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ step }) => step);
        expect(readRecord(fold(...shuffled))).toEqual(readRecord(fold(...ops)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('loses no increment where nobody writes the field', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            amount.filter((n) => n !== 0),
            device,
          ),
        ),
        (steps) => {
          const increments = steps.map(
            ([n, d], index) => [add('x', n), by(d, 1, index + 2, 1)] as const,
          );
          const record = fold([put({ x: 0 }), by(ANN, 0, 1, 0)], ...increments);
          expect(readRecord(record)).toEqual({ x: steps.reduce((sum, [n]) => sum + n, 0) });
        },
      ),
    );
  });
});
