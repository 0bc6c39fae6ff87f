import type { BudgetId } from '../model/ids.js';
import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/** The most budgets that one query shows; `list` makes as many as it takes. */
export const MAX_LISTED_BUDGETS = 100;

/** One user's own notes of the budgets they are in, sealed; nobody else may read them. */
export interface BudgetList {
  /** All of them, in ascending order. */
  list(signal?: AbortSignal): Promise<Result<readonly BudgetId[], RemoteError>>;
  /** `undefined` where there is none. */
  readPin(
    budgetId: BudgetId,
    signal?: AbortSignal,
  ): Promise<Result<Uint8Array | undefined, RemoteError>>;
  putPin(
    budgetId: BudgetId,
    pin: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>>;
  removePin(budgetId: BudgetId, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
}
