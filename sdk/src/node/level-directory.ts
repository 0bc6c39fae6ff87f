import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { OneAtATime } from '../one-at-a-time.js';
import type { StoreError } from '../ports/local-store.js';
import { err, ok, type Result } from '../result.js';
import { directoryError, toStoreError } from './directory-error.js';
import { isDirectoryWhole } from './check-directory.js';

/** LevelDB lets a process open a directory once, so its handles share what is open. */
export interface LevelDirectory {
  readonly path: string;
  readonly level: ClassicLevel<string, Uint8Array>;
  /** Checks and writes in one turn. */
  readonly commits: OneAtATime;
}

interface Shared {
  readonly opening: Promise<Result<LevelDirectory, StoreError>>;
  handles: number;
}

const shared = new Map<string, Shared>();
/** Those whose lock is not released yet. */
const closing = new Map<string, Promise<void>>();

/** Opens the directory at an absolute path, or shares it; release it once. */
export async function acquireDirectory(path: string): Promise<Result<LevelDirectory, StoreError>> {
  const entry = shared.get(path) ?? { opening: openDirectory(path), handles: 0 };
  shared.set(path, entry);
  entry.handles += 1;
  const opened = await entry.opening;
  if (!opened.ok && shared.get(path) === entry) shared.delete(path);
  return opened;
}

/** Closes it with its last handle, after the commits that were begun. */
export async function releaseDirectory({ path, level, commits }: LevelDirectory): Promise<void> {
  await commits.run(() => Promise.resolve());
  const entry = shared.get(path);
  if (!entry) return;
  entry.handles -= 1;
  if (entry.handles > 0) return;
  shared.delete(path);
  const closed = level.close().catch(() => undefined);
  closing.set(path, closed);
  await closed;
  if (closing.get(path) === closed) closing.delete(path);
}

async function openDirectory(path: string): Promise<Result<LevelDirectory, StoreError>> {
  await closing.get(path);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (!(await isDirectoryWhole(path))) return err(directoryError('corrupt'));
    const level = new ClassicLevel<string, Uint8Array>(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      // What is sealed does not get smaller.
      compression: false,
    });
    await level.open();
    return ok({ path, level, commits: new OneAtATime() });
  } catch (error) {
    return err(toStoreError(error));
  }
}
