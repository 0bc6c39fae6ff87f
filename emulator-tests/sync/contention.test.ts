import { afterEach, describe, expect, it } from 'vitest';
import type { Budget } from '@sealsync/sdk';
import { startFaultProxy } from '../faults/proxy/fault-proxy.js';
import { readFirestoreAddress } from '../setup/emulators.js';
import { startPerson, type SyncPerson } from './sync-person.js';

interface Shapes {
  edits: { by: number; n: number };
}

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function person(options?: Parameters<typeof startPerson>[0]): Promise<SyncPerson> {
  const started = await startPerson(options);
  closing.push(() => started.close());
  return started;
}

/** One budget, opened by everybody; the first of `people` owns it. */
async function shareBudget(people: readonly SyncPerson[]): Promise<Budget<Shapes>[]> {
  const [owner, ...others] = people;
  if (!owner) throw new Error('a budget needs an owner');
  const created = await owner.sync.createBudget<Shapes>();
  for (const { uid, sync } of others) {
    const { fingerprint } = sync;
    await created.people.addMember({ uid, role: 'editor', fingerprint });
  }
  const opened = others.map(({ sync }) => sync.openBudget<Shapes>(created.id));
  return [created, ...(await Promise.all(opened))];
}

describe('writers that append to one budget at the same time', () => {
  it('all append all of their entries, 10 writers of 50 each, and none is lost', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => person()));
    const budgets = await shareBudget(people);
    const before = budgets[0]?.verifiedState().seq ?? 0;
    await Promise.all(
      budgets.map(async (budget, by) => {
        for (let n = 0; n < 50; n += 1) {
          await budget.collection('edits').put(`${String(by)}-${String(n)}`, { by, n });
          await budget.sync.syncNow();
        }
      }),
    );
    await Promise.all(budgets.map((budget) => budget.sync.syncNow()));
    const states = budgets.map((budget) => budget.verifiedState());
    expect(new Set(states.map(({ digest }) => digest)).size).toBe(1);
    // Every edit waited for the one before it, so each of them is an entry of its own; whoever
    // takes a snapshot meanwhile adds one that states its digest.
    const added = (states[0]?.seq ?? 0) - before;
    expect(added).toBeGreaterThanOrEqual(500);
    expect(added).toBeLessThanOrEqual(500 + Math.ceil(500 / 120));
    expect(budgets[9]?.collection('edits').list()).toHaveLength(500);
  }, 400_000);

  it('let one with 400 ms of latency append within 30 s while five fast ones go on', async () => {
    const proxy = await startFaultProxy(readFirestoreAddress());
    proxy.disturb(() => ({ kind: 'delay', delayMs: 200 }));
    closing.push(() => proxy.close());
    const fast = await Promise.all(Array.from({ length: 5 }, () => person()));
    const slow = await person({ firestore: proxy });
    const budgets = await shareBudget([...fast, slow]);
    const slowBudget = budgets.at(-1);
    if (!slowBudget) throw new Error('the slow one opened the budget');

    let isDone = false;
    const busy = budgets.slice(0, -1).map(async (budget, by) => {
      for (let n = 0; !isDone; n += 1) {
        await budget.collection('edits').put(`${String(by)}-${String(n)}`, { by, n });
        await budget.sync.syncNow();
      }
      return budget.verifiedState().seq;
    });
    // All five are under way before the slow one starts.
    await Promise.all(budgets.slice(0, -1).map((budget) => budget.sync.syncNow()));
    const startedMs = performance.now();
    await slowBudget.collection('edits').put('slow', { by: 5, n: 0 });
    await slowBudget.sync.syncNow();
    const tookMs = performance.now() - startedMs;
    isDone = true;
    await Promise.all(busy);
    expect(slowBudget.pendingEdits).toBe(0);
    expect(tookMs).toBeLessThan(30_000);
  }, 120_000);
});
