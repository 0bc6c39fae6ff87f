import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { hashFrame, parseFrame, type Frame } from '../crypto/frame.js';
import { MAX_PAGE_ENTRIES, type RemoteLog, type StoredEntry } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { SkippedEntries } from './skipped-entries.js';
import type { SecurityEvent } from '../sync/security-event.js';
import type { SyncFailure } from '../sync/sync-failure.js';

/** Where reading goes on, backwards: the next entry and its chain hash. */
export interface Anchor {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** An entry whose bytes a verified later one commits to. */
export interface ChainedEntry {
  readonly stored: StoredEntry;
  /** Absent where this device has stepped over it, or it is none by its form. */
  readonly frame?: Frame;
  readonly isAttested: boolean;
}

export interface ReadBack {
  /** Newest first, without gaps. */
  readonly entries: readonly ChainedEntry[];
  /** Absent at the first entry, or where those before were pruned. */
  readonly next?: Anchor;
}

export interface ReadBackDeps {
  readonly log: RemoteLog;
  readonly skipped: Pick<SkippedEntries, 'hashBefore'>;
  /** Up to where this device has taken over from a snapshot what it has not verified; 0 for nowhere. */
  readonly attestedThrough: () => number;
  readonly onSecurity: (event: SecurityEvent) => void;
}

/**
 * Reads up to `count` entries backwards from `anchor`. Each has to hash to what its verified
 * successor says, so what comes back is byte for byte the log that this device knows. Costs a
 * document read for each, and one more where the log was pruned.
 */
export async function readBack(
  deps: ReadBackDeps,
  anchor: Anchor,
  count: number,
  signal?: AbortSignal,
): Promise<Result<ReadBack, SyncFailure>> {
  const { log, onSecurity } = deps;
  const limit = Math.min(count, anchor.seq, MAX_PAGE_ENTRIES);
  const page = await log.read({ after: anchor.seq - limit, limit }, signal);
  if (!page.ok) return page;
  const found = new Map(page.value.map((entry) => [entry.seq, entry]));
  const entries: ChainedEntry[] = [];
  let expected = anchor;
  while (expected.seq > anchor.seq - limit) {
    const stored = found.get(expected.seq);
    if (!stored) {
      const pruned = await isPruned(log, expected.seq, signal);
      if (!pruned.ok) return pruned;
      return pruned.value ? ok({ entries }) : report(onSecurity, 'gap', expected.seq);
    }
    if (!equalBytes(hashFrame(stored.frame), expected.hash)) {
      return report(onSecurity, 'fork', expected.seq);
    }
    const chained = takeApart(deps, stored);
    if (!chained.ok) return chained;
    const { hashBefore, ...entry } = chained.value;
    entries.push(entry);
    expected = { seq: expected.seq - 1, hash: hashBefore };
  }
  return ok(expected.seq > 0 ? { entries, next: expected } : { entries });
}

/** An entry that this device has verified says what came before it; of a skipped one it knows. */
function takeApart(
  { skipped, attestedThrough }: ReadBackDeps,
  stored: StoredEntry,
): Result<ChainedEntry & { readonly hashBefore: Uint8Array }, SyncFailure> {
  const { seq } = stored;
  const isAttested = seq <= attestedThrough();
  const known = skipped.hashBefore(seq);
  if (known) return ok({ stored, isAttested, hashBefore: known });
  const frame = parseFrame(stored.frame);
  if (frame.ok && frame.value.header.seq === seq) {
    const { prev } = frame.value.header;
    // Of what others have skipped, all there is are the server's copies.
    if (!isAttested || equalBytes(prev, stored.prev)) {
      return ok({ stored, frame: frame.value, isAttested, hashBefore: prev });
    }
  }
  if (isAttested) return ok({ stored, isAttested, hashBefore: stored.prev });
  return err({ kind: 'upgrade_required', seq, message: 'An entry cannot be read by this app.' });
}

async function isPruned(
  log: RemoteLog,
  seq: number,
  signal?: AbortSignal,
): Promise<Result<boolean, SyncFailure>> {
  const budget = await log.readBudget(signal);
  return budget.ok ? ok(seq <= budget.value.floor) : budget;
}

function report(
  onSecurity: ReadBackDeps['onSecurity'],
  kind: 'gap' | 'fork',
  seq: number,
): Result<never, SyncFailure> {
  const what = kind === 'gap' ? 'The server left out an entry' : 'The server shows another history';
  const message = `${what} at ${String(seq)}; history behind it cannot be shown.`;
  onSecurity({ kind, seq, message });
  return err({ kind: 'log_halted', seq, message });
}

export const writeAnchor = ({ seq, hash }: Anchor): string => `${String(seq)}.${bytesToHex(hash)}`;
