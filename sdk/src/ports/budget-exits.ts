import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/** The most documents that one call of `purge` removes. */
export const MAX_PURGED_AT_ONCE = 100;

/** The ways out of one budget. */
export interface BudgetExits {
  /** One commit: takes the user out of the members, asks for a new epoch, stores the notice. */
  leave(notice: Uint8Array, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /** The notice about `uid`, for members and for `uid`; `undefined` where there is none. */
  readDeparture(
    uid: string,
    signal?: AbortSignal,
  ): Promise<Result<Uint8Array | undefined, RemoteError>>;
  /** Marks the budget deleted for good. For owners who signed in recently; harmless once it is. */
  markDeleted(tombstone: Uint8Array, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /**
   * Removes up to {@link MAX_PURGED_AT_ONCE} documents below a deleted budget; answers with how
   * many, 0 once nothing is left. For owners. Some may be gone where it fails: call it again.
   */
  purge(signal?: AbortSignal): Promise<Result<number, RemoteError>>;
}
