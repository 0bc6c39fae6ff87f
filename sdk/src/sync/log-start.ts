import type { BudgetId } from '../model/ids.js';
import type { RemoteError, RemoteLog, StoredEntry } from '../ports/remote-log.js';
import type { SnapshotStorage, StoredSnapshot } from '../ports/snapshots.js';
import { err, ok, type Result } from '../result.js';
import type { Checkpoint } from './checkpoint.js';
import type { DigestWatch } from './digest-watch.js';
import { findStart } from './find-start.js';
import { isDisputed, LOG_START, type LogPosition } from './log-position.js';
import { FIRST_PAGE_ENTRIES, type Landmarks, type LogHalted } from './pull-log.js';
import type { Replica } from './replica.js';
import type { SyncFailure } from './sync-failure.js';
import type { EpochKeys } from './verify-entry.js';

export interface LogStartDeps {
  readonly budgetId: BudgetId;
  readonly log: Pick<RemoteLog, 'read' | 'readBudget'>;
  readonly snapshots: SnapshotStorage;
  readonly keys: EpochKeys;
  readonly replica: Replica;
  readonly digests: DigestWatch;
}

/** What was read ahead: the page of the log from `after` on. */
export interface ReadAhead {
  readonly after: number;
  readonly page: Promise<Result<readonly StoredEntry[], RemoteError>>;
}

interface Search {
  readonly landmarks: Landmarks;
  readonly position?: LogPosition;
  readonly peopleFrames?: readonly Uint8Array[];
  readonly continues?: ((checkpoint: Checkpoint) => boolean) | undefined;
  readonly listed?: readonly StoredSnapshot[];
  readonly ahead?: ReadAhead;
  readonly upTo?: number;
}

/** The newest that are asked for at once, so that starting takes two round trips. */
const LISTED_FIRST = 2;

/** Where reading begins for a device that cannot, or need not, read the log from its own place. */
export class LogStart {
  readonly #deps: LogStartDeps;

  constructor(deps: LogStartDeps) {
    this.#deps = deps;
  }

  /** Asked together with the landmarks, by a device that has verified nothing. */
  list(signal?: AbortSignal): Promise<Result<readonly StoredSnapshot[], RemoteError>> {
    return this.#deps.snapshots.list(LISTED_FIRST, signal);
  }

  /**
   * Begins with the newest usable of the `listed` snapshots, if there is one; the entries behind
   * the newest are read at the same time.
   */
  async begin(
    landmarks: Landmarks,
    listed: readonly StoredSnapshot[],
    signal?: AbortSignal,
  ): Promise<Result<ReadAhead | undefined, SyncFailure>> {
    const { log, replica } = this.#deps;
    const [newest] = listed;
    if (!newest || newest.seq < 1) return ok(undefined);
    // The entry of the snapshot itself as well, to hold its hash against the snapshot's.
    const after = newest.seq - 1;
    const page = log.read({ after, limit: FIRST_PAGE_ENTRIES }, signal);
    const start = await this.#find({ landmarks, listed, ahead: { after, page } }, signal);
    if (!start.ok) return start;
    if (!start.value) return ok(undefined);
    const loaded = await replica.load(start.value);
    if (!loaded.ok) return loaded;
    return ok(start.value.position.seq === newest.seq ? { after, page } : undefined);
  }

  /**
   * The log does not show what this device has verified last. `true` if that was pruned and this
   * device now continues from a snapshot, or may go on from where it is.
   */
  async continueBehindFloor(
    landmarks: Landmarks,
    signal?: AbortSignal,
  ): Promise<Result<boolean, SyncFailure>> {
    const { log, replica } = this.#deps;
    const budget = await log.readBudget(signal);
    if (!budget.ok) return budget;
    const { position, peopleFrames } = replica.confirmed;
    if (budget.value.floor < position.seq) return ok(false);
    const known = { position, peopleFrames, continues: continuesEdits(replica) };
    const start = await this.#find({ landmarks, ...known }, signal);
    if (!start.ok) return start;
    if (!start.value) return err(missingSnapshot(position.seq));
    const loaded = await replica.load(start.value);
    return loaded.ok ? ok(true) : loaded;
  }

  /**
   * From where the log can be folded to what is known without what is distrusted: a snapshot, or
   * its beginning; `undefined` where that was pruned and there is no snapshot.
   */
  async findOther(
    landmarks: Landmarks,
    signal?: AbortSignal,
  ): Promise<Result<{ readonly checkpoint?: Checkpoint } | undefined, SyncFailure>> {
    const upTo = this.#deps.replica.confirmed.position.seq;
    const budget = await this.#deps.log.readBudget(signal);
    if (!budget.ok) return budget;
    const start = await this.#find({ landmarks, upTo }, signal);
    if (!start.ok) return start;
    if (start.value) return ok({ checkpoint: start.value });
    return ok(budget.value.floor === 0 ? {} : undefined);
  }

  #find(
    { landmarks, position = LOG_START, peopleFrames = [], continues, listed, ahead, upTo }: Search,
    signal?: AbortSignal,
  ): Promise<Result<Checkpoint | undefined, RemoteError>> {
    const { budgetId, log, snapshots, keys, replica, digests } = this.#deps;
    const trail = replica.confirmed.position.digests;
    return findStart(
      {
        budgetId,
        snapshots,
        keys,
        landmarks,
        position,
        peopleFrames,
        isDisputed: (seq) => digests.distrusted.has(seq) || isDisputed(trail, seq),
        continues,
        upTo,
        readEntry: async (seq) => {
          const isAhead = ahead?.after === seq - 1;
          const page = await (isAhead
            ? ahead.page
            : log.read({ after: seq - 1, limit: 1 }, signal));
          return page.ok ? ok(page.value[0]) : page;
        },
        onRefused: ({ kind, seq, message }) => {
          if (kind === 'snapshot_refused') replica.reportOnce({ kind, seq, message });
        },
      },
      listed,
      signal,
    );
  }
}

/**
 * The log held edits of this device that its outbox has forgotten since. What lacks them is of
 * another history: the project shows it, and says that the difference was pruned.
 */
function continuesEdits({ confirmed, outbox }: Replica): (checkpoint: Checkpoint) => boolean {
  const held = confirmed.state.applied.get(outbox.device) ?? 0;
  return ({ state }) => (state.applied.get(outbox.device) ?? 0) >= held;
}

const missingSnapshot = (seq: number): LogHalted => ({
  kind: 'log_halted',
  seq,
  message:
    'The log was pruned beyond what this device has read, and no snapshot of it can be used; what is there stays usable.',
});
