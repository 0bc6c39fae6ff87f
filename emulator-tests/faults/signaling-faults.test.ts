import { describe, expect, it } from 'vitest';
import { converge, expectNoHarm, heardOnly, spentOn, useFaultyStage } from './faulty-stage.js';
import { describeFault, type Fault } from './proxy/fault.js';
import { until } from './until.js';

/*
 * A fault between a client and the signaling server costs time and nothing else: the edit of a
 * peer arrives by the next connection, or by the interval at which one looks without being told.
 */

const stage = useFaultyStage();

const FAULTS: readonly Fault[] = [
  { kind: 'cut', when: 'before' },
  { kind: 'reset', when: 'before' },
  { kind: 'stall', when: 'before' },
  { kind: 'half_open' },
];

describe("a peer's edit whose signal meets a fault", () => {
  it.each(FAULTS.map((fault) => [describeFault(fault), fault] as const))(
    'arrives once, and both are connected again afterwards: %s',
    async (_name, fault) => {
      const both = await stage.open();
      const { ann, ben } = both;
      ann.signaling.disturb(() => fault);
      await ben.budget.collection('envelopes').increment('food', 'spent', 3);
      await ann.budget.collection('envelopes').increment('food', 'spent', 7);
      await until(
        () => !ann.budget.sync.isRealtimeSyncActive(),
        'the loss of the connection is noticed',
      );
      // By polling, while there is no connection.
      await converge(both);
      ann.signaling.calm();
      await until(() => ann.budget.sync.isRealtimeSyncActive(), 'the connection is back');
      await ben.budget.collection('envelopes').increment('food', 'spent', 20);
      await converge(both);
      expect([spentOn(ann), spentOn(ben)]).toEqual([30, 30]);
      expect(ann.budget.sync.getMetrics().reconnects).toBeGreaterThan(0);
      expect(heardOnly(ann) && heardOnly(ben)).toBe(true);
      await expectNoHarm(both);
    },
  );

  it('is not the end of it, however often the connection is tried in vain', async () => {
    const { ann } = await stage.open();
    ann.signaling.disturb(() => ({ kind: 'reset', when: 'before' }));
    // The one that stood, and more tries than a connection by itself would make.
    await ann.signaling.struck(1 + 12);
    ann.signaling.calm();
    await until(() => ann.budget.sync.isRealtimeSyncActive(), 'the connection is back');
  });

  it('arrives over a slow connection, which is kept', async () => {
    const both = await stage.open();
    const { ann, ben } = both;
    const before = ann.budget.sync.getMetrics();
    ann.signaling.disturb(() => ({ kind: 'slow', bytesPerSecond: 2_000 }));
    await ben.budget.collection('envelopes').increment('food', 'spent', 3);
    await converge(both);
    const after = ann.budget.sync.getMetrics();
    expect(spentOn(ann)).toBe(3);
    expect(after.signalsIn).toBeGreaterThan(before.signalsIn);
    expect(after.reconnects).toBe(before.reconnects);
    await expectNoHarm(both);
  });
});
