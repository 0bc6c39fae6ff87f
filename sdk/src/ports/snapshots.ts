import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/** What all members can see of a stored snapshot. Whoever serves it can alter and withhold it. */
export interface StoredSnapshot {
  /** `{seq}_{uid}_{16 hex digits}`; names its chunks as well. */
  readonly id: string;
  /** The log position whose state it holds; 0 where what is stored is not a snapshot. */
  readonly seq: number;
  /** Firebase uid of whoever took it; empty where what is stored is not a snapshot. */
  readonly author: string;
  /** How many chunks it has; {@link MAX_CHUNKS} where what is stored is not a snapshot. */
  readonly chunks: number;
  /** When the server took it, in ms since the Unix epoch; unsigned. */
  readonly at: number;
  /** A frame of the kind `snapshot`; empty where what is stored is not a snapshot. */
  readonly header: Uint8Array;
}

export interface NewSnapshot {
  readonly seq: number;
  /** 16 lower-case hex digits. */
  readonly nonce: string;
  readonly header: Uint8Array;
  /** Each at most {@link MAX_CHUNK_BYTES}; 1 to {@link MAX_CHUNKS}. */
  readonly chunks: readonly Uint8Array[];
}

export const MAX_CHUNK_BYTES = 900_000;
export const MAX_CHUNKS = 64;
/** A snapshot has to stand so long before the floor may rest on it; the rules say the same. */
export const SNAPSHOT_AGE_MS: number = 30 * 24 * 60 * 60_000;
/** Of the newest snapshots that one list shows. */
export const MAX_LISTED_SNAPSHOTS = 10;

/** The id under which `author`, by uid, stores a snapshot at `seq`. */
export const snapshotIdOf = (seq: number, author: string, nonce: string): string =>
  `${String(seq)}_${author}_${nonce}`;

/** Whether the chunks are as many, and as large, as a snapshot may have. */
export const fitsSnapshot = ({ chunks }: Pick<NewSnapshot, 'chunks'>): boolean =>
  chunks.length >= 1 &&
  chunks.length <= MAX_CHUNKS &&
  chunks.every(({ length }) => length >= 1 && length <= MAX_CHUNK_BYTES);

/** Snapshots of one budget, and the pruning of what lies before them. */
export interface SnapshotStorage {
  /** The newest first, at most `limit`. */
  list(
    limit: number,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredSnapshot[], RemoteError>>;
  /** All chunks in order; `failed` if one is missing: it is never shortened silently. */
  readChunks(
    snapshot: Pick<StoredSnapshot, 'id' | 'chunks'>,
    signal?: AbortSignal,
  ): Promise<Result<readonly Uint8Array[], RemoteError>>;
  /**
   * Stores the chunks, then the header, which makes it visible; `onProgress` hears of every
   * document. Answers with its id. A failure leaves nothing that a reader sees, but may leave
   * chunks, which only `remove` finds: by the id that {@link snapshotIdOf} gives. May be
   * repeated with the same nonce and bytes, after a lost answer as well.
   */
  put(
    snapshot: NewSnapshot,
    onProgress?: (done: number, total: number) => void,
    signal?: AbortSignal,
  ): Promise<Result<string, RemoteError>>;
  /**
   * For owners and its author, never the one that the floor rests on. The header goes in the first
   * commit, so that no reader sees half a snapshot; where that commit does not take all chunks,
   * a failure may leave some until it is repeated. Also removes chunks without a header.
   */
  remove(
    snapshot: Pick<StoredSnapshot, 'id' | 'chunks'>,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>>;
  /**
   * Raises the floor: entries at or below it may be pruned. For owners who signed in recently;
   * `base` is a snapshot of a greater `seq` that has stood for {@link SNAPSHOT_AGE_MS}. Harmless
   * once just that is done.
   */
  raiseFloor(floor: number, base: string, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /**
   * Removes up to `limit` of the oldest entries at or below the floor, in their order; answers
   * with how many, 0 once nothing is left. For owners who signed in recently. May be repeated.
   */
  prune(floor: number, limit: number, signal?: AbortSignal): Promise<Result<number, RemoteError>>;
}
