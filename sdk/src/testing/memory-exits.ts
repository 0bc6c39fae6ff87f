import type { BudgetExits } from '../ports/budget-exits.js';
import { MAX_DELETES_PER_COMMIT } from '../ports/commit-limits.js';
import type { RemoteError } from '../ports/remote-log.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { ok, type Result } from '../result.js';
import { fail, type MemoryAccess } from './memory-access.js';
import { deleteBudget, leaveBudget } from './memory-people-rules.js';
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
      if (!access.role && access.uid !== uid) return fail('readDeparture', 'denied');
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
      const after = purgeSome(before, MAX_DELETES_PER_COMMIT);
      const purged = sizeBelow(before) - sizeBelow(after);
      access.add({ deletes: purged, rulesReads: purged * RULES_READS.purgeDocument });
      access.host.store(access.budgetId, after);
      return ok(purged);
    };
    return access.call('purge', apply, signal);
  }
}

function purgeSome(budget: StoredBudget, atMost: number): StoredBudget {
  let left = atMost;
  const drop = <K, V>(map: ReadonlyMap<K, V>): Map<K, V> => {
    const kept = [...map].slice(left);
    left -= map.size - kept.length;
    return new Map(kept);
  };
  return {
    ...budget,
    entries: drop(budget.entries),
    wraps: drop(budget.wraps),
    invites: drop(budget.invites),
    departures: drop(budget.departures),
  };
}

const sizeBelow = ({ entries, wraps, invites, departures }: StoredBudget): number =>
  entries.size + wraps.size + invites.size + departures.size;
