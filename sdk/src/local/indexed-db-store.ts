import { type IDBPDatabase, openDB } from 'idb';
import { equalBytes } from '../bytes.js';
import type { LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import { err, ok, type Result } from '../result.js';

const SCHEMA_VERSION = 1;
const VALUES = 'values';

/**
 * A store in a database of its own, which is made if there is none. All tabs of an origin may
 * have it open at once. It never deletes a database, whatever is found in it.
 */
export function createIndexedDbStore(databaseName: string): LocalStore {
  return new IndexedDbStore(databaseName);
}

class IndexedDbStore implements LocalStore {
  readonly #name: string;
  #database: Promise<Result<IDBPDatabase, StoreError>> | undefined;
  /** Why it answers no more. */
  #ended: StoreError | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get(key: string): Promise<Result<Uint8Array | undefined, StoreError>> {
    return this.#use(async (database) => {
      const value: unknown = await database.get(VALUES, key);
      return value === undefined ? ok(undefined) : readValue(value);
    });
  }

  list(prefix: string): Promise<Result<ReadonlyMap<string, Uint8Array>, StoreError>> {
    return this.#use(async (database) => {
      const { store, done } = database.transaction(VALUES, 'readonly');
      // Above all that begins with the prefix: keys are ASCII.
      const range = prefix === '' ? undefined : IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      const [keys, values] = await Promise.all([
        store.getAllKeys(range),
        store.getAll(range),
        done,
      ]);
      const listed = new Map<string, Uint8Array>();
      for (const [index, key] of keys.entries()) {
        const value = readValue(values[index]);
        if (!value.ok) return value;
        if (typeof key !== 'string') return unreadable();
        listed.set(key, value.value);
      }
      return ok(listed);
    });
  }

  commit({
    expect = new Map(),
    put = new Map(),
    remove = [],
  }: StoreBatch): Promise<Result<void, StoreError>> {
    // A clone of a view would take its whole buffer along, and the caller may change it meanwhile.
    const expected = [...expect].map(([key, value]) => [key, value?.slice()] as const);
    const added = [...put].map(([key, value]) => [key, value.slice()] as const);
    const removed = [...remove];
    return this.#use(async (database) => {
      const transaction = database.transaction(VALUES, 'readwrite', { durability: 'strict' });
      const { store, done } = transaction;
      const held = await Promise.all(
        expected.map(async ([key]): Promise<unknown> => store.get(key)),
      );
      const differs = expected.find(([, value], index) => !isSame(held[index], value));
      if (differs) {
        transaction.abort();
        await done.catch(() => undefined);
        const [key] = differs;
        return err({ kind: 'conflict', message: `Somebody else wrote ${key}; read it again.` });
      }
      await Promise.all([
        ...removed.map((key) => store.delete(key)),
        ...added.map(([key, value]) => store.put(value, key)),
        done,
      ]);
      return ok();
    });
  }

  async close(): Promise<void> {
    this.#end('The store was closed; open it again.');
    const database = await this.#database;
    if (database?.ok) database.value.close();
  }

  async #use<T>(
    work: (database: IDBPDatabase) => Promise<Result<T, StoreError>>,
  ): Promise<Result<T, StoreError>> {
    const before = this.#whyEnded();
    if (before) return err(before);
    this.#database ??= this.#open();
    const database = await this.#database;
    if (!database.ok) {
      // What was in the way may be gone at the next call.
      this.#database = undefined;
      return database;
    }
    try {
      return await work(database.value);
    } catch (error) {
      return err(this.#whyEnded() ?? toStoreError(error));
    }
  }

  #open(): Promise<Result<IDBPDatabase, StoreError>> {
    return new Promise((resolve) => {
      let isGivenUp = false;
      const opening = this.#openDatabase(() => {
        isGivenUp = true;
        const message = 'Another tab holds the local store in an older version: close the tab.';
        resolve(err({ kind: 'unavailable', message }));
      });
      opening.then(
        (database) => {
          if (isGivenUp) database.close();
          resolve(ok(database));
        },
        (error: unknown) => {
          resolve(err(toStoreError(error)));
        },
      );
    });
  }

  /** Async, since `openDB` throws at once where nothing may be kept. */
  async #openDatabase(onBlocked: () => void): Promise<IDBPDatabase> {
    return openDB(this.#name, SCHEMA_VERSION, {
      upgrade: (database) => void database.createObjectStore(VALUES),
      blocked: onBlocked,
      blocking: (_current, _blocked, event) => {
        this.#end('Another tab deletes or upgrades the local store: reload the page.');
        if (event.target instanceof IDBDatabase) event.target.close();
      },
      terminated: () => {
        this.#end('The browser closed the local store: reload the page.');
      },
    });
  }

  #whyEnded(): StoreError | undefined {
    return this.#ended;
  }

  #end(message: string): void {
    this.#ended ??= { kind: 'unavailable', message };
  }
}

function readValue(value: unknown): Result<Uint8Array, StoreError> {
  return value instanceof Uint8Array ? ok(value) : unreadable();
}

const isSame = (held: unknown, expected: Uint8Array | undefined): boolean =>
  held instanceof Uint8Array && expected ? equalBytes(held, expected) : held === expected;

function toStoreError(error: unknown): StoreError {
  const name = error instanceof DOMException || error instanceof Error ? error.name : 'error';
  switch (name) {
    case 'QuotaExceededError':
      return {
        kind: 'full',
        message: 'The browser has no room for the local store: free some, and try again.',
      };
    case 'VersionError':
      return {
        kind: 'newer',
        message: 'A newer version of the app wrote the local store: update the app.',
      };
    case 'NotFoundError':
      return unreadable().error;
    default:
      return {
        kind: 'unavailable',
        message: `The browser gave no local store (${name}): leave private browsing, or allow this site to keep data.`,
      };
  }
}

const unreadable = (): { readonly ok: false; readonly error: StoreError } => ({
  ok: false,
  error: {
    kind: 'corrupt',
    message: 'The database of the local store holds something else: nothing was deleted.',
  },
});
