import { invite } from './invite-directory-fixture.js';
import {
  outcomeOf,
  positionsOf,
  requireOk,
  type Admission,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';
import type { BudgetChange, BudgetDocument, LogEntry } from '../ports/remote-log.js';

const NOTICE = new Uint8Array(200).fill(5);

const documentOf = async ({ ann }: TestBudget): Promise<BudgetDocument> => {
  const document = await ann.readBudget();
  if (!document.ok) throw new Error(document.error.message);
  return document.value;
};

/** A removal of `of` by `ann`, with the entry that starts the epoch after `previous`. */
const removalOf = (
  budget: TestBudget,
  of: Admission,
): { start: LogEntry; change: BudgetChange } => ({
  start: budget.entryAfter(of.entry, { epoch: 2 }),
  change: {
    members: { [of.uid]: null },
    epoch: 2,
    departure: { uid: of.uid, notice: NOTICE },
  },
});

/** Whoever is removed is kept from what follows, and nobody else is. */
export function describeEpochs(suite: Suite): void {
  describeStarts(suite);
  describeRemovals(suite);
  describeRoles(suite);
}

function describeStarts({ onBudget, expect }: Suite): void {
  onBudget('starts an epoch with an entry, and finds where', async (budget) => {
    const { ann, genesis } = budget;
    const second = budget.entryAfter(genesis);
    const start = budget.entryAfter(second, { epoch: 2 });
    const next = budget.entryAfter(start, { epoch: 2 });
    expect(outcomeOf(await ann.append([second]))).toEqual('ok');
    expect(outcomeOf(await ann.append([start, next], { epoch: 2 }))).toEqual('ok');
    const starts = await Promise.all([1, 2, 3].map((epoch) => ann.readEpochStart(epoch)));
    expect(starts.map((found) => found.ok && found.value?.seq)).toEqual([1, 3, undefined]);
    expect((await documentOf(budget)).epoch).toEqual(2);
  });

  onBudget('denies an epoch that does not follow, and entries of another', async (budget) => {
    const append = async (epoch: number, change: BudgetChange): Promise<string> =>
      outcomeOf(await budget.ann.append([budget.entryAfter(budget.genesis, { epoch })], change));
    expect(await append(3, { epoch: 3 })).toEqual('denied');
    expect(await append(1, { epoch: 2 })).toEqual('denied');
    expect(await append(0, { epoch: 0 })).toEqual('denied');
    expect(await append(2, { epoch: 2 })).toEqual('ok');
    expect((await documentOf(budget)).epoch).toEqual(2);
  });

  onBudget('lets an editor start an epoch, with the members as they are', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    const start = budget.entryAfter(entry, { author: uid, epoch: 2 });
    const changes: readonly NonNullable<BudgetChange['members']>[] = [
      { [budget.annUid]: null, [uid]: 'owner' },
      { [uid]: 'owner' },
      { [budget.annUid]: 'viewer', [uid]: 'owner' },
      { eve: 'editor' },
    ];
    for (const members of changes) {
      expect(outcomeOf(await log.append([start], { members, epoch: 2 }))).toEqual('denied');
    }
    expect(outcomeOf(await log.append([start], { epoch: 2 }))).toEqual('ok');
  });

  onBudget('lets neither viewers nor outsiders start an epoch', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'viewer', budget.genesis);
    const start = budget.entryAfter(entry, { author: uid, epoch: 2 });
    expect(outcomeOf(await log.append([start], { epoch: 2 }))).toEqual('denied');
    expect(outcomeOf(await log.append([], { epoch: 2 }))).toEqual('denied');
    const { log: eve } = await budget.environment.budgetFor('eve', budget.budgetId);
    expect(outcomeOf(await eve.append([], { epoch: 2 }))).toEqual('denied');
  });

  onBudget('takes nothing but a new epoch where a new key is wanted', async (budget) => {
    await budget.environment.overwrite(budget.budgetId, { rekey: true });
    expect((await documentOf(budget)).rekey).toEqual(true);
    const entry = budget.entryAfter(budget.genesis);
    expect(outcomeOf(await budget.ann.append([entry]))).toEqual('denied');
    const start = { ...entry, epoch: 2 };
    expect(outcomeOf(await budget.ann.append([start], { epoch: 2 }))).toEqual('denied');
    const change = { epoch: 2, settlesLeaving: true } as const;
    expect(outcomeOf(await budget.ann.append([start], change))).toEqual('ok');
    expect((await documentOf(budget)).rekey).toEqual(false);
  });
}

function describeRemovals({ onBudget, expect }: Suite): void {
  onBudget('removes a member with the start of an epoch, and tells them', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const { start, change } = removalOf(budget, bob);
    expect(outcomeOf(await budget.ann.append([start], change))).toEqual('ok');
    expect((await documentOf(budget)).members).toEqual({ [budget.annUid]: 'owner' });
    const notice = { ok: true, value: NOTICE };
    expect(await bob.budget.exits.readDeparture(bob.uid)).toEqual(notice);
    expect(await budget.anns.exits.readDeparture(bob.uid)).toEqual(notice);
  });

  onBudget('undoes nothing that happened to others meanwhile', async (budget) => {
    const { annUid } = budget;
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const cyd = await budget.admit('cyd', 'editor', bob.entry);
    const dan = await budget.environment.uidOf('dan');
    const { acceptance } = await invite(budget);
    requireOk(await cyd.budget.exits.leave(NOTICE));
    const dans = await budget.environment.budgetFor('dan', budget.budgetId);
    requireOk(await dans.invites.accept(acceptance));
    const start = budget.entryAfter(cyd.entry, { epoch: 2 });
    const { change } = removalOf(budget, bob);
    expect(
      outcomeOf(await budget.ann.append([start], { ...change, settlesLeaving: true })),
    ).toEqual('ok');
    expect((await documentOf(budget)).members).toEqual({ [annUid]: 'owner', [dan]: 'editor' });
  });

  onBudget('denies a removal within an epoch', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const entry = budget.entryAfter(bob.entry);
    const { members, departure } = removalOf(budget, bob).change;
    for (const change of [{ members }, { members, departure }] as BudgetChange[]) {
      expect(outcomeOf(await budget.ann.append([entry], change))).toEqual('denied');
    }
    expect(positionsOf(await bob.log.read({ after: 0, limit: 5 }))).toEqual([1, 2]);
  });

  onBudget('denies a removal long after the sign-in, but no other epoch', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const { start, change } = removalOf(budget, bob);
    const { log } = await budget.environment.staleBudgetFor('ann', budget.budgetId);
    expect(outcomeOf(await log.append([start], change))).toEqual('denied');
    expect(outcomeOf(await log.append([start], { epoch: 2 }))).toEqual('ok');
  });

  onBudget('denies a notice about somebody who stays or was never there', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const { start } = removalOf(budget, bob);
    const eve = await budget.environment.uidOf('eve');
    for (const uid of [bob.uid, budget.annUid, eve]) {
      const change = { epoch: 2, departure: { uid, notice: NOTICE } };
      expect(outcomeOf(await budget.ann.append([start], change))).toEqual('denied');
    }
  });

  onBudget('denies a notice without bytes, or with too many', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const { start, change } = removalOf(budget, bob);
    for (const length of [0, 1025]) {
      const departure = { uid: bob.uid, notice: new Uint8Array(length) };
      expect(outcomeOf(await budget.ann.append([start], { ...change, departure }))).toEqual(
        'denied',
      );
    }
  });

  onBudget('lets an editor remove nobody, themselves neither', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const cyd = await budget.admit('cyd', 'viewer', bob.entry);
    const start = budget.entryAfter(cyd.entry, { author: bob.uid, epoch: 2 });
    const others = { [cyd.uid]: null };
    const departure = { uid: cyd.uid, notice: NOTICE };
    const attempts: readonly BudgetChange[] = [
      { members: others, epoch: 2, departure },
      { members: others, departure },
      { members: { [bob.uid]: null }, epoch: 2 },
    ];
    for (const change of attempts) {
      expect(outcomeOf(await bob.log.append([start], change))).toEqual('denied');
    }
  });
}

function describeRoles({ onBudget, expect }: Suite): void {
  onBudget('lets an owner step down only where another stays', async (budget) => {
    const { annUid, ann } = budget;
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const entry = budget.entryAfter(bob.entry);
    const step = { members: { [annUid]: 'editor' } } as const;
    expect(outcomeOf(await ann.append([entry], step))).toEqual('denied');
    const handedOver = { members: { [annUid]: 'editor', [bob.uid]: 'owner' } } as const;
    expect(outcomeOf(await ann.append([entry], handedOver))).toEqual('ok');
    const next = budget.entryAfter(entry);
    const back = { members: { [annUid]: 'owner' } } as const;
    expect(outcomeOf(await ann.append([next], back))).toEqual('denied');
    expect(outcomeOf(await ann.append([next]))).toEqual('ok');
  });

  onBudget('takes fifty members and no more', async (budget) => {
    const members: Record<string, 'viewer'> = {};
    for (let index = 1; index < 50; index++) members[`guest-${String(index)}`] = 'viewer';
    expect(outcomeOf(await budget.ann.append([], { members }))).toEqual('ok');
    const crowd = { 'guest-50': 'viewer' } as const;
    expect(outcomeOf(await budget.ann.append([], { members: crowd }))).toEqual('denied');
  });
}
