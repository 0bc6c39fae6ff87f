import type { BudgetId } from '../model/ids.js';
import { MAX_LISTED_BUDGETS, type BudgetList } from '../ports/budget-list.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import { addOperations, fail, type MemoryHost } from './memory-access.js';
import { isNote } from './memory-stored-budget.js';

/** One user's own list of budgets in memory. */
export class MemoryBudgetList implements BudgetList {
  readonly #host: MemoryHost;
  readonly #uid: string;
  readonly #counters: readonly OperationCounter[];

  constructor(host: MemoryHost, uid: string, counters: readonly OperationCounter[]) {
    this.#host = host;
    this.#uid = uid;
    this.#counters = counters;
  }

  list(signal?: AbortSignal): Promise<Result<readonly BudgetId[], RemoteError>> {
    const apply = (): Result<readonly BudgetId[], RemoteError> => {
      const ids = [...this.#host.inspectPins(this.#uid).keys()].sort();
      // A full page is followed by another query, and an empty answer is asked for twice.
      const emptyPages = ids.length % MAX_LISTED_BUDGETS === 0 ? 2 : 0;
      addOperations(this.#counters, { reads: ids.length + emptyPages });
      return ok(ids);
    };
    return this.#host.call({ operation: 'listBudgets', uid: this.#uid }, apply, signal);
  }

  readPin(
    budgetId: BudgetId,
    signal?: AbortSignal,
  ): Promise<Result<Uint8Array | undefined, RemoteError>> {
    const apply = (): Result<Uint8Array | undefined, RemoteError> => {
      addOperations(this.#counters, { reads: 1 });
      return ok(this.#host.inspectPins(this.#uid).get(budgetId)?.slice());
    };
    return this.#host.call({ operation: 'readPin', uid: this.#uid, budgetId }, apply, signal);
  }

  putPin(
    budgetId: BudgetId,
    pin: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const copy = pin.slice();
    const apply = (): Result<void, RemoteError> => {
      if (!isNote(copy)) return fail('putPin', 'denied');
      const pins = new Map(this.#host.inspectPins(this.#uid)).set(budgetId, copy);
      this.#host.overwritePins(this.#uid, pins);
      return ok();
    };
    addOperations(this.#counters, { writes: 1 });
    return this.#host.call({ operation: 'putPin', uid: this.#uid, budgetId }, apply, signal);
  }

  removePin(budgetId: BudgetId, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const apply = (): Result<void, RemoteError> => {
      const pins = new Map(this.#host.inspectPins(this.#uid));
      pins.delete(budgetId);
      this.#host.overwritePins(this.#uid, pins);
      return ok();
    };
    addOperations(this.#counters, { deletes: 1 });
    return this.#host.call({ operation: 'removePin', uid: this.#uid, budgetId }, apply, signal);
  }
}
