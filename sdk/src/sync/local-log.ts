import type { EpochKey } from '../crypto/epoch-key.js';
import type { BudgetId } from '../model/ids.js';
import type { LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import { encodeCheckpoint } from './checkpoint-codec.js';
import { encodeCheckpointHead, headOf } from './checkpoint-head.js';
import { RECENT_POSITIONS, type ConfirmedLog } from './confirmed-log.js';
import { encodeLocalEntry, type LocalEntry } from './local-entry.js';
import { toKeyItem } from './local-keys.js';
import { CHECKPOINT_HEAD, chunkName, entryName } from './local-names.js';
import { readAllEntries, readCheckpoint, type StoredCheckpoint } from './read-local-log.js';
import { restoreLog } from './restore-log.js';
import type { EpochKeys } from './verify-entry.js';

/** When a checkpoint takes the place of the entries behind the last one. */
export interface LocalLogLimits {
  /** Not before there are so many of them, or {@link manyBytes}. */
  readonly manyEntries: number;
  readonly manyBytes: number;
}

export const DEFAULT_LOCAL_LOG_LIMITS: LocalLogLimits = {
  manyEntries: 256,
  manyBytes: 1_048_576,
};

const MAX_CHUNK_BYTES = 524_288;

export interface LocalLogDeps {
  readonly budgetId: BudgetId;
  readonly keys: EpochKeys;
  readonly limits?: LocalLogLimits | undefined;
}

/** What the store holds of the checkpoint that counts. */
interface Base {
  readonly headBytes: Uint8Array | undefined;
  readonly names: readonly string[];
  readonly size: number;
}

/**
 * Keeps what is confirmed on the device. What was folded waits here until it is written; what
 * could not be written is written along with what comes next, and until then an app that is
 * killed reads it from the server again.
 */
export class LocalLog {
  readonly confirmed: ConfirmedLog;
  readonly #store: LocalStore;
  readonly #limits: LocalLogLimits;
  readonly #unwritten: LocalEntry[] = [];
  readonly #newKeys: EpochKey[] = [];
  /** Positions of the entries in the store. */
  #stored: readonly number[];
  #base: Base;
  #tail: { readonly entries: number; readonly bytes: number };
  /** After a checkpoint that could not be written, the tail grows to this before the next. */
  #retryAtEntries = 0;
  /** What the store holds does not lead to what is confirmed now. */
  #startsOver = false;

  private constructor(
    store: LocalStore,
    limits: LocalLogLimits,
    confirmed: ConfirmedLog,
    kept: {
      readonly entries: readonly LocalEntry[];
      readonly stored: StoredCheckpoint | undefined;
    },
  ) {
    const { entries, stored } = kept;
    const tail = entries.filter(({ seq }) => seq > (stored?.head.seq ?? 0));
    this.#store = store;
    this.#limits = limits;
    this.confirmed = confirmed;
    this.#stored = entries.map(({ seq }) => seq);
    this.#base = baseOf(stored);
    this.#tail = { entries: tail.length, bytes: sizeOf(tail) };
  }

  /** Reads what an earlier run kept; nothing where there was none. */
  static async open(
    store: LocalStore,
    { budgetId, keys, limits = DEFAULT_LOCAL_LOG_LIMITS }: LocalLogDeps,
  ): Promise<Result<LocalLog, StoreError>> {
    const stored = await readCheckpoint(store);
    if (!stored.ok) return stored;
    const entries = await readAllEntries(store);
    if (!entries.ok) return entries;
    const restored = restoreLog(stored.value, entries.value, budgetId, keys);
    if (!restored.ok) return restored;
    const kept = { entries: entries.value, stored: stored.value };
    return ok(new LocalLog(store, limits, restored.value, kept));
  }

  /** An entry that was folded, or skipped, in the order of the log. */
  note(entry: LocalEntry): void {
    this.#unwritten.push(entry);
  }

  /** What is confirmed now continues from elsewhere: nothing that was kept of the log counts. */
  startOver(also: Pick<StoreBatch, 'put' | 'remove'>): Promise<Result<void, StoreError>> {
    this.#startsOver = true;
    return this.write(also);
  }

  /** A key that this device has obtained. */
  noteKey(key: EpochKey): void {
    this.#newKeys.push(key);
  }

  /**
   * Writes what waits, together with `also`, in one commit. On an error all of it waits for the
   * next call. A checkpoint that fails to be written is no error: the entries say the same.
   */
  async write(also: Pick<StoreBatch, 'put' | 'remove'> = {}): Promise<Result<void, StoreError>> {
    if (this.#startsOver) return this.#writeAnew(also);
    const entries = [...this.#unwritten];
    const keys = [...this.#newKeys];
    const put = new Map(also.put);
    const remove = [...(also.remove ?? [])];
    for (const entry of entries) put.set(entryName(entry.seq), encodeLocalEntry(entry));
    for (const key of keys) put.set(...toKeyItem(key));
    if (put.size === 0 && remove.length === 0) return ok();
    const written = await this.#store.commit({ put, remove });
    if (!written.ok) return written;
    this.#unwritten.splice(0, entries.length);
    this.#newKeys.splice(0, keys.length);
    this.#stored = [...this.#stored, ...entries.map(({ seq }) => seq)];
    this.#tail = {
      entries: this.#tail.entries + entries.length,
      bytes: this.#tail.bytes + sizeOf(entries),
    };
    if (this.#isTailLong() && this.#unwritten.length === 0) await this.#replaceCheckpoint();
    return ok();
  }

  /** Until this succeeds no entry may be written: it would not continue what the store holds. */
  async #writeAnew(also: Pick<StoreBatch, 'put' | 'remove'>): Promise<Result<void, StoreError>> {
    const covered = this.#unwritten.length;
    const replaced = await this.#putCheckpoint(also, this.#stored.map(entryName));
    if (!replaced.ok) return replaced;
    this.#startsOver = false;
    this.#unwritten.splice(0, covered);
    this.#stored = [];
    return replaced;
  }

  /**
   * Not before the entries have cost half as much as the checkpoint: whatever the budget has grown
   * to, an entry costs three times its size at most, and a start folds no more than that again.
   */
  #isTailLong(): boolean {
    const { entries, bytes } = this.#tail;
    const { manyEntries, manyBytes } = this.#limits;
    const isLong = entries >= manyEntries || bytes >= manyBytes;
    return isLong && bytes >= this.#base.size / 2 && entries >= this.#retryAtEntries;
  }

  async #replaceCheckpoint(): Promise<void> {
    const { seq } = this.confirmed.position;
    // Whoever reads along and is a little behind still finds the entries.
    const leaving = this.#stored.filter((each) => each <= seq - RECENT_POSITIONS);
    const replaced = await this.#putCheckpoint({}, leaving.map(entryName));
    if (!replaced.ok) {
      this.#retryAtEntries = this.#tail.entries + this.#limits.manyEntries;
      return;
    }
    this.#stored = this.#stored.filter((each) => each > seq - RECENT_POSITIONS);
  }

  async #putCheckpoint(
    also: Pick<StoreBatch, 'put' | 'remove'>,
    leaving: readonly string[],
  ): Promise<Result<void, StoreError>> {
    const bytes = encodeCheckpoint(this.confirmed.checkpoint());
    const { seq } = this.confirmed.position;
    const keys = [...this.#newKeys];
    const put = new Map(also.put);
    for (const key of keys) put.set(...toKeyItem(key));
    const names: string[] = [];
    for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) {
      const name = chunkName(seq, names.length);
      put.set(name, bytes.subarray(at, at + MAX_CHUNK_BYTES));
      names.push(name);
    }
    const headBytes = encodeCheckpointHead(headOf(seq, bytes, names.length));
    put.set(CHECKPOINT_HEAD, headBytes);
    const stale = this.#base.names.filter((name) => !put.has(name));
    const replaced = await this.#store.commit({
      expect: new Map([[CHECKPOINT_HEAD, this.#base.headBytes]]),
      put,
      remove: [...stale, ...leaving, ...(also.remove ?? [])],
    });
    if (!replaced.ok) return replaced;
    this.#newKeys.splice(0, keys.length);
    this.#base = { headBytes, names, size: bytes.length };
    this.#tail = { entries: 0, bytes: 0 };
    this.#retryAtEntries = 0;
    return ok();
  }
}

function baseOf(stored: StoredCheckpoint | undefined): Base {
  if (!stored) return { headBytes: undefined, names: [], size: 0 };
  const { headBytes, head, size } = stored;
  const names = Array.from({ length: head.chunks }, (_, index) => chunkName(head.seq, index));
  return { headBytes, names, size };
}

const sizeOf = (entries: readonly LocalEntry[]): number =>
  entries.reduce((sum, { frame }) => sum + frame.length, 0);
