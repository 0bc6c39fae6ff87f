import { hexToBytes } from '@noble/hashes/utils.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import type { Frame } from '../crypto/frame.js';
import { SealsyncError } from '../errors.js';
import type { BudgetId } from '../model/ids.js';
import { MAX_PAGE_ENTRIES } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import { toSealsyncError, type SyncFailure } from '../sync/sync-failure.js';
import type { EpochKeys } from '../sync/verify-entry.js';
import { encodeHistory } from './encode-history.js';
import { toHistoryEntry, type HistoryEntry } from './history-entry.js';
import {
  readBack,
  writeAnchor,
  type Anchor,
  type ChainedEntry,
  type ReadBackDeps,
} from './read-back.js';

export interface HistoryOptions {
  /** Shows only what changed records of this collection, and `id` one of them. */
  readonly collection?: string;
  readonly id?: string;
  /** The `next` of the page before; from the newest entry without it. */
  readonly after?: string;
  /** How many entries of the log are read, from 1 to 200; 50 by default. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface HistoryPage {
  /** Newest first; fewer than were read where `collection` or `id` is given. */
  readonly entries: readonly HistoryEntry[];
  /** Give it as `after` to read on; absent where the log begins, or what was before is pruned. */
  readonly next?: string;
}

export interface ExportHistoryOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface HistoryDeps extends ReadBackDeps {
  readonly budgetId: BudgetId;
  readonly keys: EpochKeys;
  readonly position: () => LogPosition;
}

const DEFAULT_LIMIT = 50;

/** The log of one budget, as people read it. */
export class BudgetHistory {
  readonly #deps: HistoryDeps;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  async read(options: HistoryOptions): Promise<HistoryPage> {
    const { after, limit = DEFAULT_LIMIT, signal } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_ENTRIES) {
      const message = `limit is an integer from 1 to ${String(MAX_PAGE_ENTRIES)}.`;
      throw new SealsyncError('bad_input', message);
    }
    const position = this.#deps.position();
    const anchor = after === undefined ? position : readAnchor(after, position.seq);
    if (anchor.seq === 0) return { entries: [] };
    const back = unwrap(await readBack(this.#deps, anchor, limit, signal));
    const entries: HistoryEntry[] = [];
    for (const chained of back.entries) {
      const entry = narrow(unwrap(await this.#open(chained, position, signal)), options);
      if (entry) entries.push(entry);
    }
    return back.next ? { entries, next: writeAnchor(back.next) } : { entries };
  }

  async export({ onProgress, signal }: ExportHistoryOptions): Promise<Uint8Array> {
    const { budgetId, attestedThrough } = this.#deps;
    const position = this.#deps.position();
    const chained: ChainedEntry[] = [];
    let anchor: Anchor | undefined = position.seq > 0 ? position : undefined;
    while (anchor) {
      const back = unwrap(await readBack(this.#deps, anchor, MAX_PAGE_ENTRIES, signal));
      chained.push(...back.entries);
      onProgress?.(chained.length, position.seq);
      anchor = back.next;
    }
    const entries = chained.reverse().map(({ stored }) => stored);
    const { members } = position;
    return encodeHistory({ budgetId, entries, members, attestedThrough: attestedThrough() });
  }

  async #open(
    chained: ChainedEntry,
    position: LogPosition,
    signal?: AbortSignal,
  ): Promise<Result<HistoryEntry, SyncFailure>> {
    const key = chained.frame && (await this.#keyOf(chained.frame, position, signal));
    if (key && !key.ok) return key;
    return ok(toHistoryEntry(chained, key?.value));
  }

  async #keyOf(
    { header: { seq, epoch, kid } }: Frame,
    position: LogPosition,
    signal?: AbortSignal,
  ): Promise<Result<EpochKey, SyncFailure>> {
    const { keys } = this.#deps;
    const held = keys.find(epoch, kid);
    if (held) return ok(held);
    const obtained = await keys.obtain(epoch, kid, position, signal);
    if (!obtained.ok) return obtained;
    const key = keys.find(epoch, kid);
    const message = 'The key of an earlier epoch is not on this device.';
    return key ? ok(key) : err({ kind: 'key_missing', seq, message });
  }
}

/** What of an entry concerns the records that were asked for. */
function narrow(entry: HistoryEntry, { collection, id }: HistoryOptions): HistoryEntry | undefined {
  if (collection === undefined && id === undefined) return entry;
  const edits = entry.edits.flatMap(({ madeAt, ops }) => {
    const wanted = ops.filter(
      (op) =>
        (collection === undefined || op.collection === collection) &&
        (id === undefined || op.id === id),
    );
    return wanted.length > 0 ? [{ madeAt, ops: wanted }] : [];
  });
  return edits.length > 0 ? { ...entry, edits, statements: [] } : undefined;
}

function readAnchor(cursor: string, newest: number): Anchor {
  const [, seq, hash] = /^([1-9]\d{0,15})\.([0-9a-f]{64})$/.exec(cursor) ?? [];
  if (seq === undefined || hash === undefined || Number(seq) > newest) {
    throw new SealsyncError('bad_input', 'after is the next of an earlier page.');
  }
  return { seq: Number(seq), hash: hexToBytes(hash) };
}

function unwrap<T>(result: Result<T, SyncFailure>): T {
  if (result.ok) return result.value;
  throw toSealsyncError(result.error);
}
