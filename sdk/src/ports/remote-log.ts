import type { Role } from '../model/roles.js';
import type { Result } from '../result.js';
import type { StoredWrap } from './wrapped-keys.js';

/**
 * One document of a budget's log. `frame` is the whole entry; the other fields are
 * plain copies that the security rules need, and an entry whose copies differ from
 * its frame is invalid.
 */
export interface LogEntry {
  /** Position in the log, from 1, without gaps. */
  readonly seq: number;
  readonly epoch: number;
  /** Firebase uid of whoever appended the entry. */
  readonly author: string;
  /** The author's signed time, in ms since the Unix epoch. */
  readonly t: number;
  /** SHA-256 of the frame at `seq - 1`; 32 zero bytes at `seq` 1. */
  readonly prev: Uint8Array;
  readonly frame: Uint8Array;
}

/** What a read returns: an entry plus when the server took it, for display only. */
export interface StoredEntry extends LogEntry {
  /** Server time in ms, unsigned: merging never consults it. */
  readonly at: number;
}

/** The budget's own document, which gates access and proves nothing. */
export interface BudgetDocument {
  readonly members: Readonly<Record<string, Role>>;
  readonly epoch: number;
  /** Entries at or below it may have been pruned. */
  readonly floor: number;
  /** Id of the snapshot that the floor rests on; empty while it has never risen. */
  readonly base: string;
  /** A member left: only an entry that starts a new epoch may be appended. */
  readonly rekey: boolean;
  readonly deleted: boolean;
  /** The signed notice of its deletion; empty until then. */
  readonly tombstone: Uint8Array;
}

/** What an append changes in the budget's own document, in the same commit. */
export interface BudgetChange {
  /** The roles that members have from now on; `null` for those who are none any more. */
  readonly members?: Readonly<Record<string, Role | null>>;
  /** The epoch that the entry starts. */
  readonly epoch?: number;
  /** The epoch settles that members left. Without it the rules refuse one while `rekey` is set. */
  readonly settlesLeaving?: true;
  /** The notice for somebody whom this commit removes. */
  readonly departure?: Departure;
}

/** A signed notice that somebody is no longer a member. */
export interface Departure {
  readonly uid: string;
  readonly notice: Uint8Array;
}

/** What comes with the first entry of a new budget, in the same commit. */
export interface NewBudget {
  readonly wrap: StoredWrap;
  /** The creator's own note of the budget, sealed. */
  readonly pin: Uint8Array;
}

/**
 * - `denied`: rules refused. Ambiguous (lost race, lost rights, lost acknowledgement): read the head.
 * - `offline`, `deadline`: nobody knows whether a write was applied.
 * - `quota`: refused for now; try again later.
 * - `unauthenticated`: no valid session.
 * - `failed`: anything else; retried like `offline`, and reported.
 */
export type RemoteErrorKind =
  'denied' | 'offline' | 'deadline' | 'quota' | 'unauthenticated' | 'failed';

export interface RemoteError {
  readonly kind: RemoteErrorKind;
  /** A plain sentence that names the operation, never its payload. */
  readonly message: string;
}

export interface ReadRange {
  /** Entries with a greater `seq` are returned. */
  readonly after: number;
  /** At most this many, in ascending order of `seq`; 1 to {@link MAX_PAGE_ENTRIES}. */
  readonly limit: number;
}

/** The largest `limit` that the security rules let a list query ask for. */
export const MAX_PAGE_ENTRIES = 200;

/**
 * For every entry the rules look at two documents, of at most 20 in a commit, and
 * evaluate some 300 expressions, of at most 1,000. Whether production counts those per
 * write or per commit is not documented clearly, so a commit stays below either way.
 */
export const MAX_ENTRIES_PER_COMMIT = 3;
export const MAX_COMMIT_BYTES = 3_500_000;
/** Ordinary entries stay below it, because the next append has to hash its predecessor. */
export const MAX_FRAME_BYTES = 262_144;

/**
 * The append-only log of one budget, gapless and hash-chained by whoever serves it:
 * an append succeeds only if it continues the log exactly where it ends.
 */
export interface RemoteLog {
  /** Creates the budget's document, its creator its only owner, with the first entry. */
  create(
    genesis: LogEntry,
    budget: NewBudget,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>>;
  /**
   * Appends all of `entries` or none, optionally with a change of the budget's document.
   * Consecutive; at most {@link MAX_ENTRIES_PER_COMMIT} and {@link MAX_COMMIT_BYTES}.
   */
  append(
    entries: readonly LogEntry[],
    change?: BudgetChange,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>>;
  /**
   * Never answers with less than the log holds in that range: a failed or partial
   * read is an error, not an empty page. A document that is not a well-formed entry
   * comes back with an empty `frame`. What was pruned is not there: a page then begins
   * with a later entry than asked for.
   */
  read(
    range: ReadRange,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredEntry[], RemoteError>>;
  /** The newest entry; `failed` where there is none, since a budget that can be read has one. */
  readHead(signal?: AbortSignal): Promise<Result<StoredEntry, RemoteError>>;
  /**
   * The entry that started `epoch`, by its plain copies, or the first of the epoch that is left
   * where that one was pruned; `undefined` where there is none.
   */
  readEpochStart(
    epoch: number,
    signal?: AbortSignal,
  ): Promise<Result<StoredEntry | undefined, RemoteError>>;
  readBudget(signal?: AbortSignal): Promise<Result<BudgetDocument, RemoteError>>;
  /** The server's clock in ms, to correct a device whose own is wrong. */
  serverTime(signal?: AbortSignal): Promise<Result<number, RemoteError>>;
}
