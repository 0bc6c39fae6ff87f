import { fitsCommit } from '../ports/commit-limits.js';
import {
  MAX_PAGE_ENTRIES,
  type BudgetChange,
  type BudgetDocument,
  type LogEntry,
  type NewBudget,
  type ReadRange,
  type RemoteError,
  type RemoteLog,
  type StoredEntry,
} from '../ports/remote-log.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { ok, type Result } from '../result.js';
import { fail, type MemoryAccess } from './memory-access.js';
import type { RemoteOperation } from './memory-log-faults.js';
import { applyAppend, applyGenesis, type Commit } from './memory-log-rules.js';
import { copyEntry, copyWrap } from './memory-stored-budget.js';

/** One person's access to one budget's log in memory. */
export class MemoryLog implements RemoteLog {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  create(
    genesis: LogEntry,
    budget: NewBudget,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const access = this.#access;
    const entries = [copyEntry(genesis)];
    const copy = { wrap: copyWrap(budget.wrap), pin: budget.pin.slice() };
    const apply = (): Result<void, RemoteError> => {
      const after = applyGenesis(access.stored, this.#commitOf(entries), copy);
      const stored = access.store('create', after);
      if (stored.ok) access.storePin(copy.pin);
      return stored;
    };
    access.add({ writes: 4, rulesReads: RULES_READS.createBudget });
    return access.call('create', apply, signal);
  }

  append(
    entries: readonly LogEntry[],
    change: BudgetChange = {},
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const access = this.#access;
    if (!fitsCommit(entries)) return Promise.resolve(fail('append', 'failed'));
    const copies = entries.map(copyEntry);
    const wanted = copyChange(change);
    const { members, epoch, departure } = change;
    const touches = members !== undefined || epoch !== undefined;
    access.add({
      writes: entries.length + (touches ? 1 : 0) + (departure ? 1 : 0),
      rulesReads:
        entries.length * RULES_READS.appendEntry +
        (touches ? RULES_READS.changeMembers : 0) +
        (departure ? RULES_READS.putDeparture : 0),
    });
    return access.write(
      'append',
      (before) => applyAppend(before, this.#commitOf(copies), wanted),
      signal,
    );
  }

  read(
    { after, limit }: ReadRange,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredEntry[], RemoteError>> {
    const pick = (entries: readonly StoredEntry[]): readonly StoredEntry[] =>
      entries.filter(({ seq }) => seq > after).slice(0, limit);
    return this.#list('read', limit, pick, signal, (page) =>
      page.length === 0 && after === 0 ? fail('read', 'failed') : ok(page),
    );
  }

  readHead(signal?: AbortSignal): Promise<Result<StoredEntry, RemoteError>> {
    return this.#list(
      'readHead',
      1,
      (entries) => entries.slice(-1),
      signal,
      ([head]) => (head ? ok(head) : fail('readHead', 'failed')),
    );
  }

  readEpochStart(
    epoch: number,
    signal?: AbortSignal,
  ): Promise<Result<StoredEntry | undefined, RemoteError>> {
    const pick = (entries: readonly StoredEntry[]): readonly StoredEntry[] =>
      entries.filter((entry) => entry.epoch === epoch).slice(0, 1);
    return this.#list('readEpochStart', 1, pick, signal, ([start]) => ok(start));
  }

  readBudget(signal?: AbortSignal): Promise<Result<BudgetDocument, RemoteError>> {
    const access = this.#access;
    const apply = (): Result<BudgetDocument, RemoteError> => {
      const budget = access.stored;
      if (!budget || (!access.role && !budget.deleted)) return fail('readBudget', 'denied');
      access.add({ reads: 1 });
      const { members, epoch, floor, base, rekey, deleted, tombstone } = budget;
      return ok({
        members: { ...members },
        epoch,
        floor,
        base,
        rekey,
        deleted,
        tombstone: tombstone.slice(),
      });
    };
    access.add({ rulesReads: RULES_READS.readBudget });
    return access.call('readBudget', apply, signal);
  }

  serverTime(signal?: AbortSignal): Promise<Result<number, RemoteError>> {
    const access = this.#access;
    const apply = (): Result<number, RemoteError> => {
      access.add({ reads: 1 });
      return ok(access.caller.nowMs);
    };
    access.add({ writes: 1, rulesReads: RULES_READS.readServerTime });
    return access.call('serverTime', apply, signal);
  }

  /** Runs a query for what `pick` takes of all entries, and answers with what is shown of it. */
  #list<T>(
    operation: RemoteOperation,
    limit: number,
    pick: (entries: readonly StoredEntry[]) => readonly StoredEntry[],
    signal: AbortSignal | undefined,
    answer: (page: readonly StoredEntry[]) => Result<T, RemoteError>,
  ): Promise<Result<T, RemoteError>> {
    const access = this.#access;
    const apply = (): Result<T, RemoteError> => {
      const budget = access.stored;
      if (!Number.isSafeInteger(limit) || limit < 1) return fail(operation, 'failed');
      if (!access.mayRead || limit > MAX_PAGE_ENTRIES) return fail(operation, 'denied');
      const sorted = [...(budget?.entries.values() ?? [])].sort((a, b) => a.seq - b.seq);
      const page = pick(sorted).map(copyEntry);
      access.add({ reads: Math.max(1, page.length) });
      return answer(access.host.show(access.uid, access.budgetId, page));
    };
    access.add({ rulesReads: RULES_READS.listChanges });
    return access.call(operation, apply, signal);
  }

  #commitOf(entries: readonly LogEntry[]): Commit {
    return { ...this.#access.caller, budgetId: this.#access.budgetId, entries };
  }
}

const copyChange = ({ members, departure, ...rest }: BudgetChange): BudgetChange => ({
  ...rest,
  ...(members ? { members: { ...members } } : {}),
  ...(departure ? { departure: { ...departure, notice: departure.notice.slice() } } : {}),
});
