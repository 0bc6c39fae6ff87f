import type { BudgetId } from '../model/ids.js';
import type { RemoteErrorKind, StoredEntry } from '../ports/remote-log.js';
import type { StoredSnapshot } from '../ports/snapshots.js';

export type RemoteOperation =
  | 'create'
  | 'append'
  | 'read'
  | 'readHead'
  | 'readEpochStart'
  | 'readBudget'
  | 'serverTime'
  | 'readWrap'
  | 'putWraps'
  | 'listWraps'
  | 'createInvite'
  | 'readInvite'
  | 'listInvites'
  | 'acceptInvite'
  | 'revokeInvite'
  | 'leave'
  | 'readDeparture'
  | 'markDeleted'
  | 'purge'
  | 'listSnapshots'
  | 'readHeader'
  | 'readChunks'
  | 'putChunk'
  | 'putHeader'
  | 'removeSnapshot'
  | 'raiseFloor'
  | 'prune'
  | 'listBudgets'
  | 'readPin'
  | 'putPin'
  | 'removePin';

/** One call that is about to reach the backend. */
export interface RemoteCall {
  readonly operation: RemoteOperation;
  readonly uid: string;
  /** Absent where it is about no budget in particular. */
  readonly budgetId?: BudgetId;
}

/** What goes wrong with one call; what is left out goes as usual. */
export interface Disruption {
  /** Time on the way there, before anything is applied or read; on top of the latency. */
  readonly delayMs?: number;
  /** Fails on the way there: nothing is applied. */
  readonly failBefore?: RemoteErrorKind;
  /** Fails on the way back: it was applied, and its author never hears so. */
  readonly loseAnswer?: RemoteErrorKind;
  /** Never answers: the call ends at its deadline or by its signal. Applied if told so. */
  readonly hang?: 'before' | 'after';
}

/** Asked for every call, in the order in which calls are made. */
export type Interceptor = (call: RemoteCall) => Disruption | undefined;

/** What one reader is shown instead of the entries that the log holds. */
export type Tampering = (entries: readonly StoredEntry[]) => readonly StoredEntry[];

/** What one reader is shown instead of the snapshots that are stored. */
export type SnapshotTampering = (listed: readonly StoredSnapshot[]) => readonly StoredSnapshot[];

/** Disrupts the next call of `operation`, by `uid` if given, and no other. */
export function disruptOnce(
  operation: RemoteOperation,
  disruption: Disruption,
  uid?: string,
): Interceptor {
  let isDone = false;
  return (call) => {
    if (isDone || call.operation !== operation) return undefined;
    if (uid !== undefined && call.uid !== uid) return undefined;
    isDone = true;
    return disruption;
  };
}
