import type { RemoteError, StoredEntry } from '../ports/remote-log.js';
import type { SnapshotStorage, StoredSnapshot } from '../ports/snapshots.js';
import { ok, type Result } from '../result.js';
import type { Checkpoint } from './checkpoint.js';
import { openSnapshot, type OpenSnapshotDeps, type SnapshotRefused } from './open-snapshot.js';
import { isStatedBy } from './stated-digest.js';

/** So many of the newest are tried; there are more only if somebody floods. */
const TRIED_FIRST = 2;
const TRIED_AT_MOST = 10;

export interface FindStartDeps extends Omit<OpenSnapshotDeps, 'snapshots'> {
  readonly snapshots: SnapshotStorage;
  /** Snapshots that a member disputes, by the positions of their digests. */
  readonly isDisputed: (seq: number) => boolean;
  /** The entry at a position; absent where the log does not show it. */
  readonly readEntry: (
    seq: number,
    signal?: AbortSignal,
  ) => Promise<Result<StoredEntry | undefined, RemoteError>>;
  /** Whether it leads on from what this device knows. */
  readonly continues?: ((checkpoint: Checkpoint) => boolean) | undefined;
  /** None behind it is tried. */
  readonly upTo?: number | undefined;
  readonly onRefused: (refused: SnapshotRefused) => void;
}

/**
 * The newest snapshot that passes all checks; `undefined` where there is none. `listed` is what
 * the newest two are, where that was asked already.
 */
export async function findStart(
  deps: FindStartDeps,
  listed: readonly StoredSnapshot[] | undefined,
  signal?: AbortSignal,
): Promise<Result<Checkpoint | undefined, RemoteError>> {
  const tried = new Set<string>();
  for (const limit of [TRIED_FIRST, TRIED_AT_MOST]) {
    const known = limit === TRIED_FIRST ? listed : undefined;
    const found = known ? ok(known) : await deps.snapshots.list(limit, signal);
    if (!found.ok) return found;
    for (const stored of found.value.filter(({ id }) => !tried.has(id))) {
      tried.add(stored.id);
      if (!isCandidate(deps, stored)) continue;
      const opened = await openSnapshot(deps, stored, signal);
      if (!opened.ok) {
        if (!isRefusal(opened.error)) return { ok: false, error: opened.error };
        deps.onRefused(opened.error);
        continue;
      }
      const entry = await deps.readEntry(stored.seq, signal);
      if (!entry.ok) return entry;
      const isStated = isStatedBy(entry.value, opened.value, deps.keys);
      if (isStated && deps.continues?.(opened.value) !== false) return opened;
      const why = isStated
        ? 'it lacks what this device knows'
        : 'the log does not state its digest';
      const message = `A snapshot is not used: ${why}.`;
      deps.onRefused({ kind: 'snapshot_refused', seq: stored.seq, message });
    }
    if (found.value.length < limit) break;
  }
  return ok(undefined);
}

const isCandidate = (
  { position, isDisputed, upTo = Number.MAX_SAFE_INTEGER }: FindStartDeps,
  { seq, header }: StoredSnapshot,
): boolean => header.length > 0 && seq > position.seq && seq <= upTo && !isDisputed(seq);

const isRefusal = (error: SnapshotRefused | RemoteError): error is SnapshotRefused =>
  error.kind === 'snapshot_refused' ||
  error.kind === 'snapshot_incomplete' ||
  error.kind === 'upgrade_required' ||
  error.kind === 'key_missing';
