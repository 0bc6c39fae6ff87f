import { MAX_PURGED_AT_ONCE } from '../ports/budget-exits.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import { invite, makeInvite } from './invite-directory-fixture.js';
import { makeWrap, newBudgetId, outcomeOf, requireOk, type Suite } from './remote-log-fixture.js';

const TOMBSTONE = new Uint8Array(210).fill(9);

/** A deleted budget says so to everybody, stays deleted, and can be emptied. */
export function describeDeletion(suite: Suite): void {
  describeMarking(suite);
  describePurging(suite);
}

function describeMarking({ onBudget, expect }: Suite): void {
  onBudget('tells everybody who asks, with the notice', async (budget) => {
    const { environment, budgetId, anns, annUid } = budget;
    expect(outcomeOf(await anns.exits.markDeleted(TOMBSTONE))).toEqual('ok');
    const document = {
      members: { [annUid]: 'owner' },
      epoch: 1,
      floor: 0,
      base: '',
      rekey: false,
      deleted: true,
      tombstone: TOMBSTONE,
    };
    for (const name of ['ann', 'eve']) {
      const { log } = await environment.budgetFor(name, budgetId);
      expect(await log.readBudget()).toEqual({ ok: true, value: document });
    }
  });

  onBudget('is done once, and changes nothing the second time', async (budget) => {
    const { anns } = budget;
    requireOk(await anns.exits.markDeleted(TOMBSTONE));
    expect(outcomeOf(await anns.exits.markDeleted(new Uint8Array(3)))).toEqual('ok');
    const document = await anns.log.readBudget();
    expect(document.ok && document.value.tombstone).toEqual(TOMBSTONE);
  });

  onBudget('is denied to everybody but an owner', async (budget) => {
    const { budget: bobs } = await budget.admit('bob', 'editor', budget.genesis);
    const eves = await budget.environment.budgetFor('eve', budget.budgetId);
    for (const { exits } of [bobs, eves]) {
      expect(outcomeOf(await exits.markDeleted(TOMBSTONE))).toEqual('denied');
    }
    const nowhere = await budget.environment.budgetFor('ann', newBudgetId());
    expect(outcomeOf(await nowhere.exits.markDeleted(TOMBSTONE))).toEqual('denied');
  });

  onBudget('is denied long after the sign-in', async (budget) => {
    const { exits } = await budget.environment.staleBudgetFor('ann', budget.budgetId);
    expect(outcomeOf(await exits.markDeleted(TOMBSTONE))).toEqual('denied');
    const document = await budget.ann.readBudget();
    expect(document.ok && document.value.deleted).toEqual(false);
  });

  onBudget('is denied without a notice, or with too large a one', async (budget) => {
    for (const length of [0, 1025]) {
      const tombstone = new Uint8Array(length);
      expect(outcomeOf(await budget.anns.exits.markDeleted(tombstone))).toEqual('denied');
    }
  });

  onBudget('leaves nothing to do but to remove what is left', async (budget) => {
    const { anns, annUid } = budget;
    const { budget: bobs, entry } = await budget.admit('bob', 'owner', budget.genesis);
    const { invite: made } = await invite(budget);
    requireOk(await anns.exits.markDeleted(TOMBSTONE));
    const attempts = [
      await anns.log.append([budget.entryAfter(entry)]),
      await anns.log.append([budget.entryAfter(entry, { epoch: 2 })], { epoch: 2 }),
      await anns.log.append([], { members: { [annUid]: 'owner' } }),
      await anns.log.create(budget.genesis, budget.created),
      await anns.wraps.put([makeWrap(annUid)]),
      await anns.invites.create(makeInvite(budget).invite),
      await anns.exits.leave(TOMBSTONE),
      await bobs.exits.leave(TOMBSTONE),
    ];
    expect(attempts.map(outcomeOf)).toEqual(attempts.map(() => 'denied'));
    expect(outcomeOf(await anns.invites.revoke(made.inviteId))).toEqual('ok');
  });
}

async function purgeAll({ exits }: RemoteBudget): Promise<readonly number[]> {
  const counts: number[] = [];
  while (counts.at(-1) !== 0) {
    const purged = await exits.purge();
    if (!purged.ok) throw new Error(purged.error.message);
    counts.push(purged.value);
  }
  return counts;
}

function describePurging({ onBudget, expect }: Suite): void {
  onBudget('removes the log, keys, invites and notices, and keeps the id taken', async (budget) => {
    const { anns, annUid } = budget;
    const { budget: bobs, uid } = await budget.admit('bob', 'editor', budget.genesis);
    const { invite: made } = await invite(budget);
    requireOk(await bobs.exits.leave(TOMBSTONE));
    requireOk(await anns.exits.markDeleted(TOMBSTONE));
    const purged = (await purgeAll(anns)).reduce((sum, count) => sum + count, 0);
    expect(purged).toEqual(5);
    expect(await anns.log.read({ after: 1, limit: 5 })).toEqual({ ok: true, value: [] });
    expect(await anns.wraps.list(new Uint8Array(32).fill(1))).toEqual({ ok: true, value: [] });
    const nothing = { ok: true, value: undefined };
    expect(await anns.wraps.read(budget.created.wrap.kid, annUid)).toEqual(nothing);
    expect(await anns.invites.read(made.inviteId)).toEqual(nothing);
    expect(await anns.exits.readDeparture(uid)).toEqual(nothing);
    const document = await anns.log.readBudget();
    expect(document.ok && document.value.tombstone).toEqual(TOMBSTONE);
    expect(outcomeOf(await anns.log.create(budget.genesis, budget.created))).toEqual('denied');
  });

  onBudget('removes more than one call does, in several', async (budget) => {
    const { anns } = budget;
    const names = Array.from({ length: 120 }, (_, index) => `guest-${String(index)}`);
    requireOk(await anns.wraps.put(names.map((name) => makeWrap(name))));
    requireOk(await anns.exits.markDeleted(TOMBSTONE));
    const counts = await purgeAll(anns);
    expect(counts.every((count) => count <= MAX_PURGED_AT_ONCE)).toEqual(true);
    expect(counts.reduce((sum, count) => sum + count, 0)).toEqual(122);
  });

  onBudget('is for the owners of a deleted budget alone', async (budget) => {
    const { anns, environment, budgetId } = budget;
    const { budget: bobs } = await budget.admit('bob', 'editor', budget.genesis);
    const eves = await environment.budgetFor('eve', budgetId);
    expect(outcomeOf(await anns.exits.purge())).toEqual('denied');
    expect(outcomeOf(await eves.exits.purge())).toEqual('denied');
    requireOk(await anns.exits.markDeleted(TOMBSTONE));
    expect(outcomeOf(await bobs.exits.purge())).toEqual('denied');
    expect(outcomeOf(await eves.exits.purge())).toEqual('denied');
    const page = await anns.log.read({ after: 0, limit: 5 });
    expect(page.ok && page.value.length).toEqual(2);
  });

  onBudget('needs no recent sign-in to go on', async (budget) => {
    requireOk(await budget.anns.exits.markDeleted(TOMBSTONE));
    const stale = await budget.environment.staleBudgetFor('ann', budget.budgetId);
    expect((await purgeAll(stale)).at(-1)).toEqual(0);
  });

  onBudget('counts leaving, deleting and removing', async (budget) => {
    const { environment, budgetId } = budget;
    await budget.admit('bob', 'editor', budget.genesis);
    const [annCount, bobCount] = [createOperationCounter(), createOperationCounter()];
    const { exits: anns } = await environment.budgetFor('ann', budgetId, annCount);
    const { exits: bobs } = await environment.budgetFor('bob', budgetId, bobCount);
    requireOk(await bobs.leave(TOMBSTONE));
    requireOk(await bobs.readDeparture(await environment.uidOf('bob')));
    expect(bobCount).toEqual({ reads: 1, writes: 2, deletes: 0, rulesReads: 3 });
    requireOk(await anns.readDeparture(await environment.uidOf('bob')));
    requireOk(await anns.markDeleted(TOMBSTONE));
    expect(annCount).toEqual({ reads: 1, writes: 1, deletes: 0, rulesReads: 1 });
    requireOk(await anns.markDeleted(TOMBSTONE));
    expect(annCount).toEqual({ reads: 2, writes: 2, deletes: 0, rulesReads: 1 });
    requireOk(await anns.purge());
    expect(annCount).toEqual({ reads: 4, writes: 2, deletes: 2, rulesReads: 4 });
    requireOk(await anns.purge());
    expect(annCount).toEqual({ reads: 6, writes: 2, deletes: 3, rulesReads: 7 });
  });

  onBudget('neither sends nor waits once its caller has given up', async (budget) => {
    const { exits } = budget.anns;
    const aborted = AbortSignal.abort();
    const outcomes = [
      await exits.leave(TOMBSTONE, aborted),
      await exits.readDeparture(budget.annUid, aborted),
      await exits.markDeleted(TOMBSTONE, aborted),
      await exits.purge(aborted),
    ].map(outcomeOf);
    expect(outcomes).toEqual(outcomes.map(() => 'deadline'));
    const document = await budget.ann.readBudget();
    expect(document.ok && document.value.deleted).toEqual(false);
  });
}
