import type { Budget, OperationCounter } from '@sealsync/sdk';
import type { BenchContext } from '../bench.js';
import type { Shapes, Transaction } from '../sample/records.js';
import { waitUntil } from './wait-until.js';
import { startDevice, type Device, type DeviceOptions } from './start-device.js';
import type { Backend } from './start-backend.js';

/** A budget that two people have open, each on a device of their own. */
export interface SharedBudget {
  readonly author: Device;
  readonly reader: Device;
  readonly authors: Budget<Shapes>;
  readonly readers: Budget<Shapes>;
}

/** Resolves once both have the `records`, hear each other, and have nothing left to do. */
export async function shareBudget(
  backend: Backend,
  context: BenchContext,
  options: DeviceOptions,
  records: readonly (readonly [id: string, record: Transaction])[],
): Promise<SharedBudget> {
  context.progress.begin('Two people share a budget');
  const author = await startDevice(backend, context, options);
  const reader = await startDevice(backend, context, options);
  const authors = await author.sync.createBudget<Shapes>();
  const { uid } = reader.session.user;
  const { fingerprint } = reader.sync;
  await authors.people.addMember({ uid, role: 'editor', fingerprint });
  await authors.transact((tx) => {
    const transactions = tx.collection('transactions');
    for (const [id, record] of records) transactions.put(id, record);
  });
  await authors.sync.syncNow();
  const readers = await reader.sync.openBudget<Shapes>(authors.id);
  for (const { sync } of [authors, readers]) await waitUntil(() => sync.isRealtimeSyncActive());
  await waitUntil(() => isSettled(authors, readers));
  return { author, reader, authors, readers };
}

/** Whether both show the same end of the log, and nothing is pending or under way. */
export function isSettled(...budgets: readonly Budget<Shapes>[]): boolean {
  const [first] = budgets;
  const seq = first?.verifiedState().seq;
  return budgets.every(
    (budget) =>
      budget.verifiedState().seq === seq &&
      budget.pendingEdits === 0 &&
      budget.sync.getStatus().state === 'idle',
  );
}

/** What `counter` counts from now on. */
export function countFromNow(counter: OperationCounter): () => OperationCounter {
  const { reads, writes, deletes, rulesReads } = counter;
  return () => ({
    reads: counter.reads - reads,
    writes: counter.writes - writes,
    deletes: counter.deletes - deletes,
    rulesReads: counter.rulesReads - rulesReads,
  });
}
