import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { verifyFrameSignature } from '../crypto/envelope.js';
import { FIXED_HEADER_BYTES, HASH_BYTES } from '../crypto/frame-header.js';
import { hashFrame, parseFrame } from '../crypto/frame.js';
import type { BudgetId } from '../model/ids.js';
import type { StoreError } from '../ports/local-store.js';
import {
  MAX_PAGE_ENTRIES,
  type RemoteError,
  type RemoteLog,
  type StoredEntry,
} from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { ConfirmedLog, EntryEffects } from './confirmed-log.js';
import type { LogPosition, VerifiedEntry } from './log-position.js';
import type { ReadAhead } from './log-start.js';
import type { SecurityEvent } from './security-event.js';
import { isUndecided, verifyEntry, type EntryFailure, type EpochKeys } from './verify-entry.js';

/*
 * Reading the log. An entry that fails its checks halts the cursor. It is fetched
 * again; if it comes back with the same bytes it is suspect, and it is skipped only
 * once a verified later entry commits to exactly those bytes. So nobody can make one
 * device alone step over an entry by showing it a damaged copy.
 */

/**
 * What somebody whom this device trusts has told of the log: positions, and how the chain
 * hash there starts, in hex.
 */
export type Landmarks = ReadonlyMap<number, string>;

export interface PullDeps {
  readonly log: RemoteLog;
  readonly budgetId: BudgetId;
  readonly keys: EpochKeys;
  readonly confirmed: ConfirmedLog;
  readonly landmarks: Landmarks;
  /** Whether to read the verified head again, for the price of one document. */
  readonly checkHead?: boolean;
  /** A page that was asked for already; used where reading begins there. */
  readonly readAhead?: ReadAhead | undefined;
  readonly onFolded: (effects: EntryEffects, entry: VerifiedEntry) => void;
  readonly onSkipped: (entry: StoredEntry) => void;
  /** Makes durable what was folded and skipped since; asked after every page. */
  readonly keep: () => Promise<Result<void, StoreError>>;
  readonly onSecurity: (event: SecurityEvent) => void;
  /** Called for every page, once it is judged. */
  readonly onPage?: (page: PageRead) => void | Promise<void>;
}

export interface PageRead {
  readonly entries: number;
  /** Up to where the log is read. */
  readonly seq: number;
  /** Whether there may be more behind it. */
  readonly isFull: boolean;
}

/** Why reading stopped before the end of the log; what is verified stays usable. */
export interface LogHalted {
  readonly kind: 'upgrade_required' | 'key_missing' | 'log_halted';
  readonly seq: number;
  readonly message: string;
}

export interface CaughtUp {
  /** Entries at the end of the log that fail their checks; an append may follow them. */
  readonly suspects: readonly StoredEntry[];
}

/** Nobody could be asked for the key of an entry. */
interface KeyUnread {
  readonly kind: 'key_unread';
  readonly error: RemoteError;
}

/** A page of ordinary entries; adapted so that a page of large ones stays near {@link PAGE_BYTES}. */
export const FIRST_PAGE_ENTRIES = 150;
const PAGE_BYTES = 8_000_000;

/** Verifies and folds everything behind the cursor. */
export async function pullLog(
  deps: PullDeps,
  signal?: AbortSignal,
): Promise<Result<CaughtUp, RemoteError | LogHalted | StoreError>> {
  const { confirmed } = deps;
  let limit = FIRST_PAGE_ENTRIES;
  let { readAhead } = deps;
  let headToCheck = deps.checkHead === true && confirmed.position.seq > 0;
  let suspects: StoredEntry[] = [];
  let fetchedBefore: readonly StoredEntry[] | undefined;
  for (;;) {
    const after = endOf(confirmed, suspects);
    const from = headToCheck ? after - 1 : after;
    const ahead = readAhead?.after === from ? readAhead.page : undefined;
    readAhead = undefined;
    const page = await (ahead ?? deps.log.read({ after: from, limit }, signal));
    if (!page.ok) return page;
    if (headToCheck) {
      const confirming = confirmHead(page.value[0], confirmed.position, deps.onSecurity);
      if (!confirming.ok) return confirming;
    }
    const behind = headToCheck ? page.value.slice(1) : page.value;
    headToCheck = false;
    const judged = await judgePage(deps, behind, suspects, fetchedBefore !== undefined, signal);
    const kept = await deps.keep();
    if (!judged.ok) return judged;
    if (!kept.ok) return kept;
    suspects = judged.value.suspects;
    const seq = endOf(confirmed, suspects);
    const entries = page.value.length;
    await deps.onPage?.({ entries, seq, isFull: entries >= limit });
    if (!judged.value.contradicted && page.value.length >= limit) {
      limit = nextLimit(page.value);
      continue;
    }
    if (suspects.length === 0) return ok({ suspects });
    if (fetchedBefore) {
      reportSuspects(deps, fetchedBefore, suspects);
      return ok({ suspects });
    }
    fetchedBefore = suspects;
    suspects = [];
  }
}

/** Whether `found` is the entry that this device has verified last. */
export function confirmHead(
  found: StoredEntry | undefined,
  { seq, hash }: LogPosition,
  onSecurity: PullDeps['onSecurity'],
): Result<void, LogHalted> {
  if (found?.seq === seq && equalBytes(hashFrame(found.frame), hash)) return ok();
  const message = 'The server no longer shows the verified head of the log; syncing stops.';
  onSecurity({ kind: found?.seq === seq ? 'fork' : 'rollback', seq, message });
  return err({ kind: 'log_halted', seq, message });
}

interface Judged {
  /** The failing run that nothing verified follows yet. */
  readonly suspects: StoredEntry[];
  /** A genuine entry follows that does not commit to those bytes: the copies are damaged. */
  readonly contradicted: boolean;
}

/** Folds what verifies, up to the end of the page or to a contradiction. */
async function judgePage(
  deps: PullDeps,
  page: readonly StoredEntry[],
  earlier: readonly StoredEntry[],
  fetchedBefore: boolean,
  signal?: AbortSignal,
): Promise<Result<Judged, RemoteError | LogHalted>> {
  const { confirmed } = deps;
  let suspects = [...earlier];
  for (const entry of page) {
    const expected = endOf(confirmed, suspects) + 1;
    if (entry.seq !== expected) return halt(deps, 'gap', expected, 'The server left out an entry');
    const landmark = deps.landmarks.get(entry.seq);
    if (landmark && !bytesToHex(hashFrame(entry.frame)).startsWith(landmark)) {
      return halt(deps, 'fork', entry.seq, 'The server shows another history than the trusted one');
    }
    const before = positionAfter(confirmed.position, suspects);
    const verdict = await judgeEntry(deps, entry, before, signal);
    if (verdict.ok) {
      quarantine(deps, suspects);
      suspects = [];
      deps.onFolded(confirmed.fold(verdict.value), verdict.value);
      continue;
    }
    if (verdict.error.kind === 'key_unread') return err(verdict.error.error);
    if (isUndecided(verdict.error)) return err(undecided(verdict.error, entry.seq));
    if (entry.seq === 1) return halt(deps, 'entry_rejected', 1, 'The first entry is not genuine');
    const isBroken = suspects.length > 0 && !commitsTo(entry, before);
    if (isBroken || continuesElsewhere(entry, before)) {
      if (suspects.length > 0 && !fetchedBefore) return ok({ suspects, contradicted: true });
      return halt(deps, 'fork', entry.seq, 'The server shows another history');
    }
    suspects.push(entry);
  }
  return ok({ suspects, contradicted: false });
}

/** Verifies an entry; where only its key is missing, asks for that once. */
async function judgeEntry(
  { budgetId, keys }: PullDeps,
  entry: StoredEntry,
  before: LogPosition,
  signal?: AbortSignal,
): Promise<Result<VerifiedEntry, EntryFailure | KeyUnread>> {
  const verdict = verifyEntry(entry, before, budgetId, keys);
  if (verdict.ok || verdict.error.kind !== 'key_missing') return verdict;
  const frame = parseFrame(entry.frame);
  if (!frame.ok) return verdict;
  const { epoch, kid } = frame.value.header;
  const obtained = await keys.obtain(epoch, kid, before, signal);
  if (!obtained.ok) return err({ kind: 'key_unread', error: obtained.error });
  return keys.find(epoch, kid) ? verifyEntry(entry, before, budgetId, keys) : verdict;
}

/** Steps over a failing run that the entry about to be folded commits to. */
export function quarantine(
  deps: Pick<PullDeps, 'confirmed' | 'onSkipped' | 'onSecurity'>,
  suspects: readonly StoredEntry[],
): void {
  for (const entry of suspects) {
    const { seq, frame } = entry;
    deps.confirmed.skip(seq, hashFrame(frame));
    deps.onSkipped(entry);
    deps.onSecurity({
      kind: 'entry_quarantined',
      seq,
      message: 'An invalid entry was skipped; whoever appended it is faulty or hostile.',
    });
  }
}

/** The position that an entry behind `suspects` has to continue. */
export function positionAfter(
  position: LogPosition,
  suspects: readonly StoredEntry[],
): LogPosition {
  const last = suspects.at(-1);
  return last ? { ...position, seq: last.seq, hash: hashFrame(last.frame) } : position;
}

/**
 * Whether the entry's bytes, genuine or not, commit to those before it: of a run that fails as a
 * whole, a later entry speaks for the last only, and for the others through these links. The
 * rules bind what a frame names there, whatever else is wrong with it.
 */
const commitsTo = ({ frame }: StoredEntry, { hash }: LogPosition): boolean =>
  equalBytes(frame.subarray(FIXED_HEADER_BYTES - HASH_BYTES, FIXED_HEADER_BYTES), hash);

/**
 * A member signed it, but as the continuation of something else: no damaged copy looks
 * like that, so it is never skipped.
 */
function continuesElsewhere(entry: StoredEntry, before: LogPosition): boolean {
  const frame = parseFrame(entry.frame);
  if (!frame.ok || equalBytes(frame.value.header.prev, before.hash)) return false;
  const member = before.members.get(frame.value.header.author);
  return member !== undefined && verifyFrameSignature(frame.value, member.keys.sign);
}

function reportSuspects(
  deps: PullDeps,
  first: readonly StoredEntry[],
  second: readonly StoredEntry[],
): void {
  for (const entry of second) {
    const before = first.find(({ seq }) => seq === entry.seq);
    const changed = before !== undefined && !equalBytes(before.frame, entry.frame);
    deps.onSecurity({
      kind: changed ? 'entry_substituted' : 'entry_rejected',
      seq: entry.seq,
      message: changed
        ? 'The server answered with two different copies of one entry; neither is genuine.'
        : 'An entry fails its checks and is not merged; syncing waits until a later one settles it.',
    });
  }
}

function halt(
  deps: PullDeps,
  kind: SecurityEvent['kind'],
  seq: number,
  found: string,
): Result<never, LogHalted> {
  const message = `${found} at ${String(seq)}; what is verified stays usable, syncing stops.`;
  deps.onSecurity({ kind, seq, message });
  return err({ kind: 'log_halted', seq, message });
}

const undecided = (failure: EntryFailure, seq: number): LogHalted => ({
  kind: failure.kind === 'key_missing' ? 'key_missing' : 'upgrade_required',
  seq,
  message: failure.message,
});

const endOf = (confirmed: ConfirmedLog, suspects: readonly StoredEntry[]): number =>
  confirmed.position.seq + suspects.length;

function nextLimit(page: readonly StoredEntry[]): number {
  const bytes = page.reduce((sum, { frame }) => sum + frame.length, 0);
  const fitting = Math.floor((PAGE_BYTES * page.length) / Math.max(bytes, 1));
  return Math.min(MAX_PAGE_ENTRIES, Math.max(10, fitting));
}
