import type { BudgetId } from '../model/ids.js';
import { fitsCommit } from '../ports/commit-limits.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import {
  MAX_PAGE_ENTRIES,
  type BudgetDocument,
  type LogEntry,
  type ReadRange,
  type RemoteError,
  type RemoteErrorKind,
  type RemoteLog,
  type StoredEntry,
} from '../ports/remote-log.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { err, ok, type Result } from '../result.js';
import type { RemoteCall, RemoteOperation } from './memory-log-faults.js';
import {
  applyAppend,
  applyGenesis,
  copyEntry,
  roleOf,
  type Commit,
  type StoredBudget,
} from './memory-log-rules.js';

/** The backend, as the logs on it see it. */
export interface MemoryLogHost {
  now(): number;
  inspect(budgetId: BudgetId): StoredBudget | undefined;
  store(budgetId: BudgetId, budget: StoredBudget): void;
  /** The page that `uid` gets to see. */
  show(uid: string, budgetId: BudgetId, page: readonly StoredEntry[]): readonly StoredEntry[];
  /** Lets `apply` happen when the call arrives, and answers when the answer does. */
  call<T>(
    call: RemoteCall,
    apply: () => Result<T, RemoteError>,
    signal?: AbortSignal,
  ): Promise<Result<T, RemoteError>>;
}

/** One person's access to one budget's log in memory. */
export class MemoryLog implements RemoteLog {
  readonly #backend: MemoryLogHost;
  readonly #uid: string;
  readonly #budgetId: BudgetId;
  readonly #counters: readonly OperationCounter[];

  constructor(
    backend: MemoryLogHost,
    uid: string,
    budgetId: BudgetId,
    counters: readonly OperationCounter[],
  ) {
    this.#backend = backend;
    this.#uid = uid;
    this.#budgetId = budgetId;
    this.#counters = counters;
  }

  create(genesis: LogEntry, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const entries = [copyOf(genesis)];
    const apply = (): Result<void, RemoteError> => {
      const commit = this.#commitOf(entries);
      return this.#store('create', applyGenesis(this.#stored(), commit));
    };
    this.#add({ writes: 2, rulesReads: RULES_READS.createBudget });
    return this.#call('create', apply, signal);
  }

  append(
    entries: readonly LogEntry[],
    members?: BudgetDocument['members'],
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    if (!fitsCommit(entries)) return Promise.resolve(fail('append', 'failed'));
    const copies = entries.map(copyOf);
    const apply = (): Result<void, RemoteError> => {
      const commit = this.#commitOf(copies);
      const change = members ? { ...commit, members: { ...members } } : commit;
      return this.#store('append', applyAppend(this.#stored(), change));
    };
    this.#add({
      writes: entries.length + (members ? 1 : 0),
      rulesReads: entries.length * RULES_READS.appendEntry,
    });
    return this.#call('append', apply, signal);
  }

  read(
    range: ReadRange,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredEntry[], RemoteError>> {
    const { after, limit } = range;
    const apply = (): Result<readonly StoredEntry[], RemoteError> => {
      const budget = this.#stored();
      if (!Number.isSafeInteger(limit) || limit < 1) return fail('read', 'failed');
      if (!roleOf(budget, this.#uid) || limit > MAX_PAGE_ENTRIES) return fail('read', 'denied');
      const page = [...(budget?.entries.values() ?? [])]
        .filter((entry) => entry.seq > after)
        .sort((a, b) => a.seq - b.seq)
        .slice(0, limit)
        .map(copyEntry);
      this.#add({ reads: Math.max(1, page.length) });
      const shown = this.#backend.show(this.#uid, this.#budgetId, page);
      return shown.length === 0 && after === 0 ? fail('read', 'failed') : ok(shown);
    };
    this.#add({ rulesReads: RULES_READS.listChanges });
    return this.#call('read', apply, signal);
  }

  readBudget(signal?: AbortSignal): Promise<Result<BudgetDocument, RemoteError>> {
    const apply = (): Result<BudgetDocument, RemoteError> => {
      const budget = this.#stored();
      if (!budget || !roleOf(budget, this.#uid)) return fail('readBudget', 'denied');
      this.#add({ reads: 1 });
      const { members, epoch, floor, deleted } = budget;
      return ok({ members: { ...members }, epoch, floor, deleted });
    };
    this.#add({ rulesReads: RULES_READS.readBudget });
    return this.#call('readBudget', apply, signal);
  }

  serverTime(signal?: AbortSignal): Promise<Result<number, RemoteError>> {
    const apply = (): Result<number, RemoteError> => {
      this.#add({ reads: 1 });
      return ok(this.#backend.now());
    };
    this.#add({ writes: 1, rulesReads: RULES_READS.readServerTime });
    return this.#call('serverTime', apply, signal);
  }

  #stored(): StoredBudget | undefined {
    return this.#backend.inspect(this.#budgetId);
  }

  #store(operation: RemoteOperation, budget: StoredBudget | undefined): Result<void, RemoteError> {
    if (!budget) return fail(operation, 'denied');
    this.#backend.store(this.#budgetId, budget);
    return ok();
  }

  #commitOf(entries: readonly LogEntry[]): Commit {
    return { uid: this.#uid, budgetId: this.#budgetId, entries, nowMs: this.#backend.now() };
  }

  #call<T>(
    operation: RemoteOperation,
    apply: () => Result<T, RemoteError>,
    signal?: AbortSignal,
  ): Promise<Result<T, RemoteError>> {
    const call = { operation, uid: this.#uid, budgetId: this.#budgetId };
    return this.#backend.call(call, apply, signal);
  }

  #add(operations: Partial<OperationCounter>): void {
    for (const counter of this.#counters) {
      counter.reads += operations.reads ?? 0;
      counter.writes += operations.writes ?? 0;
      counter.deletes += operations.deletes ?? 0;
      counter.rulesReads += operations.rulesReads ?? 0;
    }
  }
}

/** An entry's own bytes, so that its caller may reuse them while the call travels. */
const copyOf = (entry: LogEntry): LogEntry => ({
  ...entry,
  prev: entry.prev.slice(),
  frame: entry.frame.slice(),
});

export const fail = (
  operation: RemoteOperation,
  kind: RemoteErrorKind,
): Result<never, RemoteError> =>
  err({ kind, message: `The operation ${operation} ended as ${kind}` });
