import { resolve } from 'node:path';
import { equalBytes } from '../bytes.js';
import type { LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import { err, ok, type Result } from '../result.js';
import { directoryError, toStoreError } from './directory-error.js';
import { acquireDirectory, type LevelDirectory, releaseDirectory } from './level-directory.js';

/**
 * A durable store for Node, in a directory of its own, which is made for this user alone (mode
 * 0700) if there is none. It needs the package `classic-level`. A commit is on disk when it
 * resolves. One process at a time has it; within it, any number of handles.
 */
export function createNodeStore(path: string): LocalStore {
  return new NodeStore(resolve(path));
}

class NodeStore implements LocalStore {
  readonly #path: string;
  #directory: Promise<Result<LevelDirectory, StoreError>> | undefined;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  get(key: string): Promise<Result<Uint8Array | undefined, StoreError>> {
    return this.#use(async ({ level }) => {
      const value = await level.get(key);
      return ok(value && new Uint8Array(value));
    });
  }

  list(prefix: string): Promise<Result<ReadonlyMap<string, Uint8Array>, StoreError>> {
    return this.#use(async ({ level }) => {
      // Above all that begins with the prefix: keys are ASCII.
      const range = prefix === '' ? {} : { gte: prefix, lt: `${prefix}\uffff` };
      const entries = await level.iterator(range).all();
      return ok(new Map(entries.map(([key, value]) => [key, new Uint8Array(value)])));
    });
  }

  commit({ expect, put, remove }: StoreBatch): Promise<Result<void, StoreError>> {
    // The caller may change its bytes meanwhile.
    const expected = [...(expect ?? [])].map(([key, value]) => [key, value?.slice()] as const);
    const changes = [
      ...[...(remove ?? [])].map((key) => ({ type: 'del' as const, key })),
      ...[...(put ?? [])].map(([key, value]) => ({
        type: 'put' as const,
        key,
        value: value.slice(),
      })),
    ];
    return this.#use(({ level, commits }) =>
      commits.run(async () => {
        const held = await level.getMany(expected.map(([key]) => key));
        const differs = expected.find(([, value], index) => !isSame(held[index], value));
        if (differs) {
          const [key] = differs;
          return err({ kind: 'conflict', message: `Somebody else wrote ${key}; read it again.` });
        }
        await level.batch(changes, { sync: true });
        return ok();
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const directory = await this.#directory;
    if (directory?.ok) await releaseDirectory(directory.value);
  }

  async #use<T>(
    work: (directory: LevelDirectory) => Promise<Result<T, StoreError>>,
  ): Promise<Result<T, StoreError>> {
    const before = this.#whyClosed();
    if (before) return err(before);
    this.#directory ??= acquireDirectory(this.#path);
    const directory = await this.#directory;
    if (!directory.ok) {
      // Whoever was in the way may be gone at the next call.
      this.#directory = undefined;
      return directory;
    }
    try {
      return await work(directory.value);
    } catch (error) {
      return err(this.#whyClosed() ?? toStoreError(error));
    }
  }

  #whyClosed(): StoreError | undefined {
    return this.#isClosed ? directoryError('closed') : undefined;
  }
}

const isSame = (held: Uint8Array | undefined, expected: Uint8Array | undefined): boolean =>
  held && expected ? equalBytes(held, expected) : held === expected;
