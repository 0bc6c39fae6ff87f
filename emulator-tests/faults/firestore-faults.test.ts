import type { SealsyncErrorKind } from '@sealsync/sdk';
import { describe, expect, it } from 'vitest';
import {
  CANARY,
  converge,
  expectNoHarm,
  heardOnly,
  spentOn,
  useFaultyStage,
} from './faulty-stage.js';
import { describeFault, type Fault } from './proxy/fault.js';
import { until } from './until.js';

/*
 * A fault between a client and Firestore, on every request of one kind for as long as it lasts.
 * What the app sees is a typed error; what the budget holds afterwards is every edit, once.
 */

const stage = useFaultyStage();

const BOTH = ['before', 'after'] as const;
const named = (fault: Fault, kind: SealsyncErrorKind) =>
  [describeFault(fault), fault, kind] as const;

const FAULTS: readonly (readonly [string, Fault, SealsyncErrorKind])[] = [
  ...BOTH.map((when) => named({ kind: 'cut', when }, 'offline')),
  ...BOTH.map((when) => named({ kind: 'reset', when }, 'offline')),
  ...BOTH.map((when) => named({ kind: 'stall', when }, 'deadline')),
  ...BOTH.map((when) => named({ kind: 'status', status: 429, when }, 'quota')),
  ...BOTH.map((when) => named({ kind: 'status', status: 500, when }, 'failed')),
  ...BOTH.map((when) => named({ kind: 'status', status: 503, when }, 'offline')),
  named({ kind: 'half_open' }, 'deadline'),
  named({ kind: 'truncate' }, 'failed'),
];

describe('an edit whose commit meets a fault', () => {
  it.each(FAULTS)('is there once when it is over: %s', async (_name, fault, kind) => {
    const both = await stage.open();
    const { ann, ben } = both;
    ann.firestore.disturb(({ type }) => (type === 'commit' ? fault : undefined));
    await ann.budget.collection('envelopes').increment('food', 'spent', 7);
    await ann.budget.collection('envelopes').put('rent', { spent: 1, note: CANARY });
    await ben.budget.collection('envelopes').increment('food', 'spent', 3);
    await ann.firestore.struck(1);
    await until(() => ann.errors.includes(kind), `the error ${kind}`);
    ann.firestore.calm();
    await ann.budget.collection('envelopes').increment('food', 'spent', 20);
    await converge(both);
    for (const client of [ann, ben]) {
      expect(spentOn(client)).toBe(30);
      expect(spentOn(client, 'rent')).toBe(1);
    }
    expect(heardOnly(ann, kind) && heardOnly(ben)).toBe(true);
    await expectNoHarm(both);
  });

  it('goes through a slow network without an error', async () => {
    const both = await stage.open();
    const { ann, ben } = both;
    ann.firestore.disturb(() => ({ kind: 'slow', bytesPerSecond: 20_000 }));
    await ann.budget.collection('envelopes').increment('food', 'spent', 7);
    await ben.budget.collection('envelopes').increment('food', 'spent', 3);
    await converge(both);
    expect(ann.firestore.strikes).toBeGreaterThan(0);
    expect([spentOn(ann), spentOn(ben)]).toEqual([10, 10]);
    expect(heardOnly(ann)).toBe(true);
    await expectNoHarm(both);
  });
});

describe('a read that meets a fault', () => {
  it.each(FAULTS)(
    'never passes for an empty budget, and is made up for: %s',
    async (_name, fault, kind) => {
      const both = await stage.open();
      const { ann, ben } = both;
      const sizes = new Set<number>();
      ann.budget.collection('envelopes').subscribe(() => {
        sizes.add(ann.budget.collection('envelopes').list().length);
      });
      ann.firestore.disturb(({ type }) => (type === 'read' ? fault : undefined));
      await ben.budget.collection('envelopes').increment('food', 'spent', 3);
      await until(() => ann.errors.includes(kind), `the error ${kind}`);
      // Made while nothing can be read.
      await ann.budget.collection('envelopes').increment('food', 'spent', 7);
      expect(ann.budget.collection('envelopes').list()).toHaveLength(1);
      ann.firestore.calm();
      await converge(both);
      expect([spentOn(ann), spentOn(ben)]).toEqual([10, 10]);
      expect([...sizes]).toEqual([1]);
      expect(heardOnly(ann, kind)).toBe(true);
      await expectNoHarm(both);
    },
  );
});
