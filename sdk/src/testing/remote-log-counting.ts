import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import {
  chain,
  makeFrame,
  newBudgetId,
  type MakeEnvironment,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';

/** What is billed is counted, so that an app can be held to a cost. */
export function describeCounting({ it, onBudget, expect }: Suite, make: MakeEnvironment): void {
  const counted = async (
    { environment, budgetId }: TestBudget,
    run: (log: Awaited<ReturnType<typeof environment.logFor>>) => Promise<unknown>,
  ): Promise<OperationCounter> => {
    const count = createOperationCounter();
    await run(await environment.logFor('ann', budgetId, count));
    return count;
  };

  onBudget('counts a write, and two documents of the rules, for every entry', async (budget) => {
    const entries = chain(budget, budget.genesis, 3);
    const count = await counted(budget, (log) => log.append(entries));
    expect(count).toEqual({ reads: 0, writes: 3, deletes: 0, rulesReads: 6 });
  });

  onBudget('counts the members’ document when it changes', async (budget) => {
    const members = { [budget.annUid]: 'owner' } as const;
    const entries = chain(budget, budget.genesis, 1);
    const count = await counted(budget, (log) => log.append(entries, members));
    expect(count).toEqual({ reads: 0, writes: 2, deletes: 0, rulesReads: 2 });
  });

  onBudget('counts what is refused as well', async (budget) => {
    const count = await counted(budget, (log) => log.append([budget.genesis]));
    expect(count).toEqual({ reads: 0, writes: 1, deletes: 0, rulesReads: 2 });
  });

  onBudget('counts one read for every entry, and one for a page without any', async (budget) => {
    await budget.ann.append(chain(budget, budget.genesis, 3));
    const page = await counted(budget, (log) => log.read({ after: 0, limit: 10 }));
    expect(page).toEqual({ reads: 4, writes: 0, deletes: 0, rulesReads: 1 });
    const empty = await counted(budget, (log) => log.read({ after: 4, limit: 10 }));
    expect(empty).toEqual({ reads: 1, writes: 0, deletes: 0, rulesReads: 1 });
  });

  onBudget('counts reading the budget and asking for the time', async (budget) => {
    const document = await counted(budget, (log) => log.readBudget());
    expect(document).toEqual({ reads: 1, writes: 0, deletes: 0, rulesReads: 0 });
    const time = await counted(budget, (log) => log.serverTime());
    expect(time).toEqual({ reads: 1, writes: 1, deletes: 0, rulesReads: 0 });
  });

  it('counts the creation of a budget', async () => {
    const environment = await make();
    const budgetId = newBudgetId();
    const count = createOperationCounter();
    const log = await environment.logFor('ann', budgetId, count);
    const author = await environment.uidOf('ann');
    const created = await log.create({
      seq: 1,
      epoch: 1,
      author,
      t: environment.nowMs(),
      prev: new Uint8Array(32),
      frame: makeFrame({ budgetId }),
    });
    expect(created.ok).toEqual(true);
    expect(count).toEqual({ reads: 0, writes: 2, deletes: 0, rulesReads: 3 });
  });
}
