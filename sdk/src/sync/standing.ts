import type { BudgetDocument, RemoteError } from '../ports/remote-log.js';
import type { Result } from '../result.js';
import type { SyncFailure } from './sync-failure.js';

/**
 * That this device is no longer part of the budget, as a member has signed it: the user was
 * removed or left, the budget was deleted, or the device was revoked.
 */
export interface MembershipEnd {
  readonly kind: 'removed' | 'left' | 'deleted' | 'device_revoked';
  /** Uid of who signed it. */
  readonly by: string;
}

/** What the people's side of a budget answers where the log alone cannot tell. */
export interface Standing {
  /**
   * The rules wait for a new epoch, or are ahead of the log: starts one if this user may.
   * `true` if another try to append makes sense.
   */
  mendEpoch(budget: BudgetDocument, signal?: AbortSignal): Promise<Result<boolean, SyncFailure>>;
  /** Even reading is denied: whether a member has signed why. `undefined` where none has. */
  explainDenial(signal?: AbortSignal): Promise<Result<MembershipEnd | undefined, RemoteError>>;
}
