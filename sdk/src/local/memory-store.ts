import type { LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import { err, ok } from '../result.js';
import type { Result } from '../result.js';

/**
 * A store that lives as long as `contents` does: for tests, and for apps that want
 * nothing kept on a device. Handing the same map to another call opens the same store.
 */
export function createMemoryStore(contents: Map<string, Uint8Array> = new Map()): LocalStore {
  let open = true;
  return {
    get: (key) => Promise.resolve(open ? ok(contents.get(key)?.slice()) : closed()),
    list: (prefix) => Promise.resolve(open ? ok(listEntries(contents, prefix)) : closed()),
    commit: (batch) => Promise.resolve(open ? applyBatch(contents, batch) : closed()),
    close: () => {
      open = false;
      return Promise.resolve();
    },
  };
}

function listEntries(
  contents: ReadonlyMap<string, Uint8Array>,
  prefix: string,
): ReadonlyMap<string, Uint8Array> {
  const keys = [...contents.keys()].filter((key) => key.startsWith(prefix)).sort();
  return new Map(keys.map((key) => [key, contents.get(key)?.slice() ?? new Uint8Array()]));
}

/** Runs without a pause, so no other commit can come between the check and the writes. */
function applyBatch(
  contents: Map<string, Uint8Array>,
  batch: StoreBatch,
): Result<void, StoreError> {
  for (const [key, expected] of batch.expect ?? []) {
    if (!isSame(contents.get(key), expected)) {
      return err({ kind: 'conflict', message: `Somebody else wrote ${key}; read it again.` });
    }
  }
  for (const key of batch.remove ?? []) contents.delete(key);
  for (const [key, bytes] of batch.put ?? []) contents.set(key, bytes.slice());
  return ok();
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

const closed = (): Result<never, StoreError> =>
  err({ kind: 'unavailable', message: 'The store was closed; open it again.' });
