import { MAX_PURGED_AT_ONCE, type BudgetExits } from '../ports/budget-exits.js';
import type { RemoteError } from '../ports/remote-log.js';
import { MAX_LISTED_SNAPSHOTS } from '../ports/snapshots.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { ok, type Result } from '../result.js';
import { fail, type MemoryAccess } from './memory-access.js';
import { deleteBudget, leaveBudget } from './memory-people-rules.js';
import { chunkKeysOf } from './memory-snapshot-rules.js';
import type { StoredBudget } from './memory-stored-budget.js';

/** One person's access to the ways out of one budget in memory. */
export class MemoryExits implements BudgetExits {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  leave(notice: Uint8Array, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const copy = notice.slice();
    this.#access.add({ writes: 2, rulesReads: RULES_READS.leave });
    return this.#access.write(
      'leave',
      (before, caller) => leaveBudget(before, copy, caller),
      signal,
    );
  }

  readDeparture(
    uid: string,
    signal?: AbortSignal,
  ): Promise<Result<Uint8Array | undefined, RemoteError>> {
    const access = this.#access;
    const apply = (): Result<Uint8Array | undefined, RemoteError> => {
      if (!access.mayRead && access.uid !== uid) return fail('readDeparture', 'denied');
      access.add({ reads: 1 });
      return ok(access.stored?.departures.get(uid)?.slice());
    };
    access.add({ rulesReads: access.uid === uid ? 0 : RULES_READS.readDeparture });
    return access.call('readDeparture', apply, signal);
  }

  markDeleted(tombstone: Uint8Array, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const access = this.#access;
    const copy = tombstone.slice();
    const apply = (): Result<void, RemoteError> => {
      const before = access.stored;
      const after = before && deleteBudget(before, copy, access.caller);
      if (after) return access.store('markDeleted', after);
      access.add({ reads: before?.deleted ? 1 : 0 });
      return before?.deleted ? ok() : fail('markDeleted', 'denied');
    };
    access.add({ writes: 1, rulesReads: RULES_READS.deleteBudget });
    return access.call('markDeleted', apply, signal);
  }

  purge(signal?: AbortSignal): Promise<Result<number, RemoteError>> {
    const access = this.#access;
    const apply = (): Result<number, RemoteError> => {
      const before = access.stored;
      if (!before?.deleted || access.role !== 'owner') return fail('purge', 'denied');
      const { after, purged, queries, found } = purgeSome(before);
      access.add({
        reads: found + (found > 0 ? queries - 1 : queries),
        deletes: purged,
        rulesReads: queries * RULES_READS.listPurgeable + purged * RULES_READS.purgeDocument,
      });
      access.host.store(access.budgetId, after);
      return ok(purged);
    };
    return access.call('purge', apply, signal);
  }
}

/** Looks for a collection that still has something in it, and takes away what one call may. */
function purgeSome(before: StoredBudget): {
  after: StoredBudget;
  purged: number;
  queries: number;
  /** By the last query. */
  found: number;
} {
  const collections = ['entries', 'wraps', 'invites', 'departures'] as const;
  const found = collections.findIndex((name) => before[name].size > 0);
  const name = collections[found];
  if (!name) return purgeSnapshots(before, collections.length + 1);
  const rest = new Map<unknown, unknown>([...before[name]].slice(MAX_PURGED_AT_ONCE));
  const after = { ...before, [name]: rest };
  const purged = before[name].size - rest.size;
  return { after, purged, queries: found + 1, found: purged };
}

/** Takes away as many snapshots as one call may, with their chunks. */
function purgeSnapshots(before: StoredBudget, queries: number): ReturnType<typeof purgeSome> {
  const listed = [...before.snapshots.values()].slice(0, MAX_LISTED_SNAPSHOTS);
  const [snapshots, chunks] = [new Map(before.snapshots), new Map(before.chunks)];
  let purged = 0;
  for (const snapshot of listed) {
    if (purged + snapshot.chunks + 1 > MAX_PURGED_AT_ONCE) break;
    for (const key of chunkKeysOf(snapshot)) chunks.delete(key);
    snapshots.delete(snapshot.id);
    purged += snapshot.chunks + 1;
  }
  return { after: { ...before, snapshots, chunks }, purged, queries, found: listed.length };
}
