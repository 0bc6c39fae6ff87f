import type { Result } from '../result.js';

export interface StoreBatch {
  /** The batch is applied only if every one of these still holds exactly this. */
  readonly expect?: ReadonlyMap<string, Uint8Array | undefined>;
  readonly put?: ReadonlyMap<string, Uint8Array>;
  readonly remove?: Iterable<string>;
}

export interface StoreError {
  readonly kind:
    /** An expectation no longer holds. */
    | 'conflict'
    /** Closed, held by another process, or not to be had on this platform. */
    | 'unavailable'
    /** No room is left for what was to be written. */
    | 'full'
    /** What is there is another user's, another budget's, or sealed for other keys. */
    | 'foreign'
    /** A newer version of the app wrote it. */
    | 'newer'
    /** What is there cannot be read. */
    | 'corrupt'
    /** The keys that open what is there have been wiped. */
    | 'locked';
  /** A sentence that says what to do. */
  readonly message: string;
}

/**
 * A durable, transactional map from short ASCII keys to bytes: one per budget and
 * device. What is written resolves only once it would survive a crash, all of a
 * batch or none of it. Whatever fails, nothing is deleted or taken for empty.
 */
export interface LocalStore {
  get(key: string): Promise<Result<Uint8Array | undefined, StoreError>>;
  /** Everything whose key starts with `prefix`, in ascending order of keys. */
  list(prefix: string): Promise<Result<ReadonlyMap<string, Uint8Array>, StoreError>>;
  /** `conflict` if an expectation no longer holds: somebody else wrote; read again. */
  commit(batch: StoreBatch): Promise<Result<void, StoreError>>;
  /** Releases handles; may be called twice. Nothing is deleted. */
  close(): Promise<void>;
}

/** A local store as a budget uses it. */
export interface BudgetStore extends LocalStore {
  /** Deletes everything, readable or not; nothing can be written afterwards. */
  wipe(): Promise<Result<void, StoreError>>;
}
