import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import type { RemoteLog } from '../ports/remote-log.js';
import {
  chain,
  makeGenesis,
  makeNewBudget,
  newBudgetId,
  type MakeEnvironment,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';

/** What is billed is counted, so that an app can be held to a cost. */
export function describeCounting({ it, onBudget, expect }: Suite, make: MakeEnvironment): void {
  const counted = async (
    { environment, budgetId }: TestBudget,
    run: (log: RemoteLog) => Promise<unknown>,
  ): Promise<OperationCounter> => {
    const count = createOperationCounter();
    await run((await environment.budgetFor('ann', budgetId, count)).log);
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
    const count = await counted(budget, (log) => log.append(entries, { members }));
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

  onBudget('counts the head, the start of an epoch, and a search in vain', async (budget) => {
    const one = { reads: 1, writes: 0, deletes: 0, rulesReads: 1 };
    expect(await counted(budget, (log) => log.readHead())).toEqual(one);
    expect(await counted(budget, (log) => log.readEpochStart(1))).toEqual(one);
    expect(await counted(budget, (log) => log.readEpochStart(2))).toEqual(one);
  });

  onBudget('counts a removal: the entry, the budget and the notice', async (budget) => {
    const { uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    const start = budget.entryAfter(entry, { epoch: 2 });
    const change = {
      members: { [uid]: null },
      epoch: 2,
      departure: { uid, notice: new Uint8Array(9) },
    };
    const count = await counted(budget, (log) => log.append([start], change));
    expect(count).toEqual({ reads: 0, writes: 3, deletes: 0, rulesReads: 4 });
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
    const { log } = await environment.budgetFor('ann', budgetId, count);
    const author = await environment.uidOf('ann');
    const genesis = makeGenesis(budgetId, author, environment.nowMs());
    const created = await log.create(genesis, makeNewBudget(author));
    expect(created.ok).toEqual(true);
    expect(count).toEqual({ reads: 0, writes: 4, deletes: 0, rulesReads: 4 });
  });
}
