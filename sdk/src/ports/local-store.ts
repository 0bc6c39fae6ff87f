import type { Result } from '../result.js';

export interface StoreBatch {
  /** The batch is applied only if every one of these still holds exactly this. */
  readonly expect?: ReadonlyMap<string, Uint8Array | undefined>;
  readonly put?: ReadonlyMap<string, Uint8Array>;
  readonly remove?: Iterable<string>;
}

export type StoreError =
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

/**
 * A durable, transactional map from short ASCII keys to bytes: one per budget and
 * device. What is written resolves only once it would survive a crash, all of a
 * batch or none of it.
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
