import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Result } from '../result.js';

/** Deletes whatever a store holds, sealed or not, in one commit. */
export async function wipeStore(raw: LocalStore): Promise<Result<void, StoreError>> {
  const held = await raw.list('');
  return held.ok ? raw.commit({ remove: held.value.keys() }) : held;
}
