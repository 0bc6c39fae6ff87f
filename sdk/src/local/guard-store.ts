import type { LocalStore, StoreError } from '../ports/local-store.js';
import { err, type Result } from '../result.js';

/** An app's own store may throw although the port says otherwise: that is an error like any other. */
export function guardStore(store: LocalStore): LocalStore {
  return {
    get: (key) => guard(() => store.get(key)),
    list: (prefix) => guard(() => store.list(prefix)),
    commit: (batch) => guard(() => store.commit(batch)),
    close: () => store.close(),
  };
}

async function guard<T>(
  call: () => Promise<Result<T, StoreError>>,
): Promise<Result<T, StoreError>> {
  try {
    return await call();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'error';
    return err({ kind: 'unavailable', message: `The local store failed with an ${name}.` });
  }
}
