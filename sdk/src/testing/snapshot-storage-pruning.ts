import { createOperationCounter } from '../ports/operation-counter.js';
import {
  chain,
  outcomeOf,
  positionsOf,
  requireOk,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';
import { DAY_MS, takeSnapshot } from './snapshot-storage-fixture.js';

/** What lies before a snapshot that has stood goes; what lies behind it stays. */
export function describePruning(suite: Suite): void {
  describeFloor(suite);
  describeEntries(suite);
}

function describeFloor({ onBudget, expect }: Suite): void {
  const floorOf = async ({ ann }: TestBudget): Promise<unknown> => {
    const document = await ann.readBudget();
    return document.ok ? [document.value.floor, document.value.base] : document.error.kind;
  };

  onBudget('raises the floor to below a snapshot that has stood 30 days', async (budget) => {
    const { snapshots } = budget.anns;
    const { id } = await takeSnapshot(budget, 31);
    expect(outcomeOf(await snapshots.raiseFloor(5, id))).toEqual('denied');
    expect(outcomeOf(await snapshots.raiseFloor(3, id))).toEqual('ok');
    expect(await floorOf(budget)).toEqual([3, id]);
    expect(outcomeOf(await snapshots.raiseFloor(3, id))).toEqual('ok');
    expect(outcomeOf(await snapshots.raiseFloor(2, id))).toEqual('denied');
    expect(outcomeOf(await snapshots.raiseFloor(4, id))).toEqual('ok');
    expect(await floorOf(budget)).toEqual([4, id]);
  });

  onBudget('does not before, and not without a snapshot', async (budget) => {
    const { snapshots } = budget.anns;
    const { id } = await takeSnapshot(budget, 29);
    for (const base of [id, `${id.slice(0, -1)}x`, '']) {
      expect(outcomeOf(await snapshots.raiseFloor(1, base))).toEqual('denied');
    }
    expect(await floorOf(budget)).toEqual([0, '']);
    await budget.environment.ageSnapshot(budget.budgetId, id, 30 * DAY_MS + 1000);
    expect(outcomeOf(await snapshots.raiseFloor(1, id))).toEqual('ok');
  });

  onBudget('is for owners who signed in lately', async (budget) => {
    const { environment, budgetId } = budget;
    const { id, head } = await takeSnapshot(budget, 31);
    const { budget: bobs } = await budget.admit('bob', 'editor', head);
    const stale = await environment.staleBudgetFor('ann', budgetId);
    const eves = await environment.budgetFor('eve', budgetId);
    for (const { snapshots } of [bobs, stale, eves]) {
      expect(outcomeOf(await snapshots.raiseFloor(2, id))).toEqual('denied');
    }
    expect(await floorOf(budget)).toEqual([0, '']);
  });

  onBudget('is refused once the budget is deleted', async (budget) => {
    const { id } = await takeSnapshot(budget, 31);
    await budget.environment.overwrite(budget.budgetId, { deleted: true });
    expect(outcomeOf(await budget.anns.snapshots.raiseFloor(2, id))).toEqual('denied');
  });

  onBudget('lets nobody write again what lies below it', async (budget) => {
    const { ann, anns, genesis } = budget;
    const { id, head } = await takeSnapshot(budget, 31);
    requireOk(await anns.snapshots.raiseFloor(3, id));
    requireOk(await anns.snapshots.prune(3, 100));
    expect(outcomeOf(await ann.append(chain(budget, genesis, 1)))).toEqual('denied');
    expect(outcomeOf(await ann.append([budget.entryAfter(head)]))).toEqual('ok');
  });
}

function describeEntries({ onBudget, expect }: Suite): void {
  onBudget('removes the oldest entries, as many as it is told to', async (budget) => {
    const { ann, anns } = budget;
    const { id } = await takeSnapshot(budget, 31);
    requireOk(await anns.snapshots.raiseFloor(3, id));
    expect(await anns.snapshots.prune(3, 2)).toEqual({ ok: true, value: 2 });
    expect(positionsOf(await ann.read({ after: 0, limit: 10 }))).toEqual([3, 4, 5]);
    expect(positionsOf(await ann.read({ after: 1, limit: 2 }))).toEqual([3, 4]);
    expect(await anns.snapshots.prune(3, 100)).toEqual({ ok: true, value: 1 });
    expect(await anns.snapshots.prune(3, 100)).toEqual({ ok: true, value: 0 });
    expect(positionsOf(await ann.read({ after: 0, limit: 10 }))).toEqual([4, 5]);
  });

  onBudget('removes more than one commit does', async (budget) => {
    const { ann, anns } = budget;
    const entries = chain(budget, (await takeSnapshot(budget, 31)).head, 24);
    for (let at = 0; at < entries.length; at += 3) {
      requireOk(await ann.append(entries.slice(at, at + 3)));
    }
    await budget.environment.overwrite(budget.budgetId, { floor: 27 });
    expect(await anns.snapshots.prune(27, 25)).toEqual({ ok: true, value: 25 });
    expect(await anns.snapshots.prune(27, 25)).toEqual({ ok: true, value: 2 });
    expect(positionsOf(await ann.read({ after: 0, limit: 10 }))).toEqual([28, 29]);
  });

  onBudget('removes nothing above the floor', async (budget) => {
    const { ann, anns } = budget;
    const { id } = await takeSnapshot(budget, 31);
    expect(outcomeOf(await anns.snapshots.prune(1, 5))).toEqual('denied');
    requireOk(await anns.snapshots.raiseFloor(2, id));
    expect(outcomeOf(await anns.snapshots.prune(3, 5))).toEqual('denied');
    expect(positionsOf(await ann.read({ after: 0, limit: 10 }))).toEqual([1, 2, 3, 4, 5]);
  });

  onBudget('is for owners who signed in lately, entry by entry', async (budget) => {
    const { ann, anns, environment, budgetId } = budget;
    const { id, head } = await takeSnapshot(budget, 31);
    const { budget: bobs } = await budget.admit('bob', 'editor', head);
    requireOk(await anns.snapshots.raiseFloor(2, id));
    const stale = await environment.staleBudgetFor('ann', budgetId);
    const eves = await environment.budgetFor('eve', budgetId);
    for (const { snapshots } of [bobs, stale, eves]) {
      expect(outcomeOf(await snapshots.prune(2, 5))).toEqual('denied');
    }
    expect(positionsOf(await ann.read({ after: 0, limit: 2 }))).toEqual([1, 2]);
  });

  onBudget('finds the first of an epoch that is left', async (budget) => {
    const { ann, anns } = budget;
    const { id } = await takeSnapshot(budget, 31);
    requireOk(await anns.snapshots.raiseFloor(2, id));
    requireOk(await anns.snapshots.prune(2, 5));
    const start = await ann.readEpochStart(1);
    expect(start.ok && start.value?.seq).toEqual(3);
  });

  onBudget('counts raising the floor and pruning', async (budget) => {
    const { environment, budgetId } = budget;
    const { id } = await takeSnapshot(budget, 31);
    const count = createOperationCounter();
    const { snapshots } = await environment.budgetFor('ann', budgetId, count);
    requireOk(await snapshots.raiseFloor(3, id));
    expect(count).toEqual({ reads: 0, writes: 1, deletes: 0, rulesReads: 1 });
    requireOk(await snapshots.raiseFloor(3, id));
    expect(count).toEqual({ reads: 0, writes: 2, deletes: 0, rulesReads: 2 });
    requireOk(await snapshots.prune(3, 100));
    expect(count).toEqual({ reads: 1, writes: 2, deletes: 3, rulesReads: 6 });
    requireOk(await snapshots.prune(3, 100));
    expect(count).toEqual({ reads: 2, writes: 2, deletes: 3, rulesReads: 7 });
  });
}
