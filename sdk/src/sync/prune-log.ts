import type { RemoteError, RemoteLog } from '../ports/remote-log.js';
import { MAX_LISTED_SNAPSHOTS, SNAPSHOT_AGE_MS, type StoredSnapshot } from '../ports/snapshots.js';
import { ok, type Result } from '../result.js';
import { isDisputed, LOG_START } from './log-position.js';
import { openSnapshot } from './open-snapshot.js';
import type { Landmarks } from './pull-log.js';
import type { SnapshotDeps } from './snapshot-deps.js';
import { isStatedBy } from './stated-digest.js';
import { refuse, type SyncFailure } from './sync-failure.js';

export interface PruneDeps extends SnapshotDeps {
  readonly log: RemoteLog;
  readonly landmarks: (signal?: AbortSignal) => Promise<Result<Landmarks, SyncFailure>>;
  /** How many entries are removed, of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface Pruned {
  /** Entries that were removed. */
  readonly removed: number;
  /** Entries at or below it are gone. */
  readonly floor: number;
}

/** Entries that one call removes; several commits. */
const REMOVED_AT_ONCE = 100;

/**
 * Removes the entries that lie before a snapshot that has stood long enough, after checking it as
 * a device would that starts from it. Called again it goes on where it was stopped.
 */
export async function pruneLog(
  deps: PruneDeps,
  signal?: AbortSignal,
): Promise<Result<Pruned, SyncFailure>> {
  const { log, replica, identities } = deps;
  const { position } = replica.confirmed;
  if (position.members.get(identities.uid)?.role !== 'owner') {
    return refuse('access_denied', 'Only owners remove history.');
  }
  const budget = await log.readBudget(signal);
  if (!budget.ok) return budget;
  const raised = await raiseFloor(deps, budget.value.floor, signal);
  if (!raised.ok) return raised;
  const removed = await removeEntries(deps, raised.value, signal);
  return removed.ok ? ok({ removed: removed.value, floor: raised.value }) : removed;
}

/** The floor as it is then: the old one where no snapshot is old enough. */
async function raiseFloor(
  deps: PruneDeps,
  floor: number,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { snapshots, corrected, replica } = deps;
  const listed = await snapshots.list(MAX_LISTED_SNAPSHOTS, signal);
  if (!listed.ok) return listed;
  const { attested, position } = replica.confirmed;
  const candidates = listed.value.filter(
    ({ seq, at }) =>
      seq - 1 > floor &&
      seq <= position.seq &&
      corrected.now() - at >= SNAPSHOT_AGE_MS &&
      !isDisputed(position.digests, seq) &&
      !deps.session.disputes.includes(seq) &&
      // Whoever has not folded it cannot say that it is right.
      (attested === undefined || attested.seq < seq),
  );
  for (const stored of candidates) {
    const sound = await isSound(deps, stored, signal);
    if (!sound.ok) return sound;
    if (!sound.value) continue;
    const raised = await snapshots.raiseFloor(stored.seq - 1, stored.id, signal);
    if (!raised.ok) return raised;
    return ok(stored.seq - 1);
  }
  return ok(floor);
}

/** Whether a newcomer could start from it, and it holds what the log states at its position. */
async function isSound(
  deps: PruneDeps,
  stored: StoredSnapshot,
  signal?: AbortSignal,
): Promise<Result<boolean, SyncFailure>> {
  const landmarks = await deps.landmarks(signal);
  if (!landmarks.ok) return landmarks;
  const known = { landmarks: landmarks.value, position: LOG_START, peopleFrames: [] };
  const opened = await openSnapshot({ ...deps, ...known }, stored, signal);
  if (!opened.ok) {
    const { error } = opened;
    if (error.kind === 'snapshot_refused') deps.replica.reportOnce({ ...error, kind: error.kind });
    return isRemote(error) ? { ok: false, error } : ok(false);
  }
  const { seq } = opened.value.position;
  const page = await deps.log.read({ after: seq - 1, limit: 1 }, signal);
  return page.ok ? ok(isStatedBy(page.value[0], opened.value, deps.keys)) : page;
}

async function removeEntries(
  { snapshots, onProgress }: PruneDeps,
  floor: number,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  if (floor === 0) return ok(0);
  let removed = 0;
  for (;;) {
    const gone = await snapshots.prune(floor, REMOVED_AT_ONCE, signal);
    if (!gone.ok) return gone;
    if (gone.value === 0) return ok(removed);
    removed += gone.value;
    onProgress?.(removed, Math.max(removed, floor));
  }
}

const isRemote = (error: { readonly kind: string }): error is RemoteError =>
  error.kind !== 'snapshot_refused' &&
  error.kind !== 'snapshot_incomplete' &&
  error.kind !== 'upgrade_required' &&
  error.kind !== 'key_missing';
