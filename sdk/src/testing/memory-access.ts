import type { BudgetId } from '../model/ids.js';
import type { Role } from '../model/roles.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { RemoteError, RemoteErrorKind, StoredEntry } from '../ports/remote-log.js';
import type { StoredSnapshot } from '../ports/snapshots.js';
import { err, ok, type Result } from '../result.js';
import type { RemoteCall, RemoteOperation } from './memory-log-faults.js';
import { mayRead, roleOf, type Caller, type StoredBudget } from './memory-stored-budget.js';

/** One user's sealed notes by budget. */
export type StoredPins = ReadonlyMap<BudgetId, Uint8Array>;

/** The backend, as those who use it see it. */
export interface MemoryHost {
  callerOf(uid: string): Caller;
  inspect(budgetId: BudgetId): StoredBudget | undefined;
  store(budgetId: BudgetId, budget: StoredBudget): void;
  inspectPins(uid: string): StoredPins;
  overwritePins(uid: string, pins: StoredPins): void;
  /** The page that `uid` gets to see. */
  show(uid: string, budgetId: BudgetId, page: readonly StoredEntry[]): readonly StoredEntry[];
  /** The snapshots that `uid` gets to see. */
  showSnapshots(
    uid: string,
    budgetId: BudgetId,
    listed: readonly StoredSnapshot[],
  ): readonly StoredSnapshot[];
  /** Lets `apply` happen when the call arrives, and answers when the answer does. */
  call<T>(
    call: RemoteCall,
    apply: () => Result<T, RemoteError>,
    signal?: AbortSignal,
  ): Promise<Result<T, RemoteError>>;
}

/** One user on one budget: what reaches the backend goes through here. */
export class MemoryAccess {
  readonly uid: string;
  readonly budgetId: BudgetId;
  readonly host: MemoryHost;
  readonly #counters: readonly OperationCounter[];

  constructor(
    host: MemoryHost,
    uid: string,
    budgetId: BudgetId,
    counters: readonly OperationCounter[],
  ) {
    this.host = host;
    this.uid = uid;
    this.budgetId = budgetId;
    this.#counters = counters;
  }

  get caller(): Caller {
    return this.host.callerOf(this.uid);
  }

  get stored(): StoredBudget | undefined {
    return this.host.inspect(this.budgetId);
  }

  get role(): Role | undefined {
    return roleOf(this.stored, this.uid);
  }

  get mayRead(): boolean {
    return mayRead(this.stored, this.uid);
  }

  /** Stores what `change` makes of the budget; `denied` where it makes nothing. */
  write(
    operation: RemoteOperation,
    change: (before: StoredBudget, caller: Caller) => StoredBudget | undefined,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const apply = (): Result<void, RemoteError> => {
      const before = this.stored;
      return this.store(operation, before && change(before, this.caller));
    };
    return this.call(operation, apply, signal);
  }

  store(operation: RemoteOperation, budget: StoredBudget | undefined): Result<void, RemoteError> {
    if (!budget) return fail(operation, 'denied');
    this.host.store(this.budgetId, budget);
    return ok();
  }

  storePin(pin: Uint8Array): void {
    const pins = new Map(this.host.inspectPins(this.uid)).set(this.budgetId, pin.slice());
    this.host.overwritePins(this.uid, pins);
  }

  call<T>(
    operation: RemoteOperation,
    apply: () => Result<T, RemoteError>,
    signal?: AbortSignal,
  ): Promise<Result<T, RemoteError>> {
    return this.host.call({ operation, uid: this.uid, budgetId: this.budgetId }, apply, signal);
  }

  add(operations: Partial<OperationCounter>): void {
    addOperations(this.#counters, operations);
  }
}

export function addOperations(
  counters: readonly OperationCounter[],
  operations: Partial<OperationCounter>,
): void {
  for (const counter of counters) {
    counter.reads += operations.reads ?? 0;
    counter.writes += operations.writes ?? 0;
    counter.deletes += operations.deletes ?? 0;
    counter.rulesReads += operations.rulesReads ?? 0;
  }
}

export const fail = (
  operation: RemoteOperation,
  kind: RemoteErrorKind,
): Result<never, RemoteError> =>
  err({ kind, message: `The operation ${operation} ended as ${kind}` });
