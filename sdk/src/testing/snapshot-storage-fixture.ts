import type { BudgetId } from '../model/ids.js';
import type { LogEntry, RemoteError } from '../ports/remote-log.js';
import { snapshotIdOf, type NewSnapshot, type StoredSnapshot } from '../ports/snapshots.js';
import type { Result } from '../result.js';
import { chain, makeFrame, requireOk, type TestBudget } from './remote-log-fixture.js';

export const DAY_MS: number = 24 * 60 * 60_000;

const KIND_AT = 6;
const KIND_OF_SNAPSHOTS = 3;

/** Bytes that a backend has to take for the header of a snapshot: nobody sealed them. */
export function makeHeader(budgetId: BudgetId, length?: number): Uint8Array<ArrayBuffer> {
  const header = makeFrame(length === undefined ? { budgetId } : { budgetId, length });
  header[KIND_AT] = KIND_OF_SNAPSHOTS;
  return header;
}

/** `lengths` are those of its chunks, in bytes, each filled with its place. */
export function makeSnapshot(
  budgetId: BudgetId,
  seq: number,
  lengths: readonly number[] = [3],
): NewSnapshot {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const nonce = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const chunks = lengths.map((length, at) => new Uint8Array(length).fill(at + 1));
  return { seq, nonce, header: makeHeader(budgetId), chunks };
}

/** A log of five entries by ann, and her snapshot at its end, taken `days` days ago. */
export async function takeSnapshot(
  budget: TestBudget,
  days: number,
  lengths?: readonly number[],
): Promise<{ readonly id: string; readonly chunks: number; readonly head: LogEntry }> {
  const { anns, annUid, budgetId, environment, genesis } = budget;
  const entries = chain(budget, genesis, 4);
  requireOk(await anns.log.append(entries.slice(0, 2)));
  requireOk(await anns.log.append(entries.slice(2)));
  const head = entries.at(-1) ?? genesis;
  const snapshot = makeSnapshot(budgetId, head.seq, lengths);
  requireOk(await anns.snapshots.put(snapshot));
  const id = snapshotIdOf(head.seq, annUid, snapshot.nonce);
  await environment.ageSnapshot(budgetId, id, days * DAY_MS);
  return { id, chunks: snapshot.chunks.length, head };
}

/** Ids of a list, or why there is none. */
export const idsOf = (
  listed: Result<readonly StoredSnapshot[], RemoteError>,
): readonly string[] | string => (listed.ok ? listed.value.map(({ id }) => id) : listed.error.kind);
