import { equalBytes } from '../bytes.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import type { BudgetId } from '../model/ids.js';
import type { LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import { encodeCheckpoint } from './checkpoint-codec.js';
import { encodeCheckpointHead, headOf } from './checkpoint-head.js';
import { RECENT_POSITIONS, type ConfirmedLog } from './confirmed-log.js';
import { encodeLocalEntry, type LocalEntry } from './local-entry.js';
import { toKeyItem } from './local-keys.js';
import {
  CHECKPOINT_HEAD,
  chunkName,
  entryName,
  MISSTATED_PREFIX,
  misstatedName,
} from './local-names.js';
import { readWholeLog, type StoredCheckpoint, type WholeLog } from './read-local-log.js';
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
  /** Has `keys` hold all that the store does, where another tab may have added to it. */
  readonly refreshKeys?: (() => Promise<Result<void, StoreError>>) | undefined;
}

/** What the store holds of the checkpoint that counts. */
interface Base {
  readonly headBytes: Uint8Array | undefined;
  readonly seq: number;
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
  readonly #deps: LocalLogDeps;
  readonly #limits: LocalLogLimits;
  readonly #unwritten: LocalEntry[] = [];
  readonly #newKeys: EpochKey[] = [];
  /** Positions of the entries in the store. */
  #stored: readonly number[] = [];
  #base: Base = baseOf(undefined);
  #tail: { readonly entries: number; readonly bytes: number } = { entries: 0, bytes: 0 };
  /** After a checkpoint that could not be written, the tail grows to this before the next. */
  #retryAtEntries = 0;
  /** What the store holds does not lead to what is confirmed now. */
  #startsOver = false;

  private constructor(store: LocalStore, deps: LocalLogDeps, confirmed: ConfirmedLog) {
    this.#store = store;
    this.#deps = deps;
    this.#limits = deps.limits ?? DEFAULT_LOCAL_LOG_LIMITS;
    this.confirmed = confirmed;
  }

  /** Reads what an earlier run kept; nothing where there was none. */
  static async open(store: LocalStore, deps: LocalLogDeps): Promise<Result<LocalLog, StoreError>> {
    const read = await readStored(store, deps);
    if (!read.ok) return read;
    const local = new LocalLog(store, deps, read.value.confirmed);
    local.#knowStored(read.value.whole);
    return ok(local);
  }

  /**
   * Goes on behind what another tab has written: what waited here to be written is given up.
   * `true` if that led elsewhere than what was confirmed here, which is confirmed instead now.
   */
  async reopen(): Promise<Result<boolean, StoreError>> {
    const isCurrent = await this.#isCurrent();
    if (!isCurrent.ok) return isCurrent;
    if (isCurrent.value) return ok(false);
    const read = await readStored(this.#store, this.#deps);
    if (!read.ok) return read;
    const { whole, confirmed } = read.value;
    this.#knowStored(whole);
    this.#unwritten.length = 0;
    this.#startsOver = false;
    this.#retryAtEntries = 0;
    const { seq, hash } = confirmed.position;
    const { position } = this.confirmed;
    if (position.seq === seq && equalBytes(position.hash, hash)) return ok(false);
    this.confirmed.load(confirmed.checkpoint());
    return ok(true);
  }

  /** Whether nobody has written since this was read, so that it need not be read again. */
  async #isCurrent(): Promise<Result<boolean, StoreError>> {
    const { seq } = this.confirmed.position;
    const { headBytes } = this.#base;
    const head = await this.#store.get(CHECKPOINT_HEAD);
    if (!head.ok) return head;
    const isSameHead =
      headBytes && head.value ? equalBytes(headBytes, head.value) : headBytes === head.value;
    const isWritten = this.#unwritten.length === 0 && !this.#startsOver;
    const knownEnd = Math.max(this.#stored.at(-1) ?? 0, this.#base.seq);
    if (!isSameHead || !isWritten || knownEnd !== seq) return ok(false);
    const next = await this.#store.get(entryName(seq + 1));
    return next.ok ? ok(next.value === undefined) : next;
  }

  #knowStored({ stored, entries }: WholeLog): void {
    const tail = entries.filter(({ seq }) => seq > (stored?.head.seq ?? 0));
    this.#stored = entries.map(({ seq }) => seq);
    this.#base = baseOf(stored);
    this.#tail = { entries: tail.length, bytes: sizeOf(tail) };
  }

  /** An entry that was folded, or skipped, in the order of the log. */
  note(entry: LocalEntry): void {
    this.#unwritten.push(entry);
  }

  /** What is confirmed now continues from elsewhere: nothing that was kept of the log counts. */
  startOver(
    also: Pick<StoreBatch, 'expect' | 'put' | 'remove'>,
  ): Promise<Result<void, StoreError>> {
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
  async write(
    also: Pick<StoreBatch, 'expect' | 'put' | 'remove'> = {},
  ): Promise<Result<void, StoreError>> {
    if (this.#startsOver) return this.#writeAnew(also);
    const entries = [...this.#unwritten];
    const keys = [...this.#newKeys];
    const put = new Map(also.put);
    const remove = [...(also.remove ?? [])];
    for (const entry of entries) put.set(entryName(entry.seq), encodeLocalEntry(entry));
    for (const key of keys) put.set(...toKeyItem(key));
    // Known until it was disputed, even where a checkpoint has taken the entry's place by then.
    for (const { seq } of entries) {
      if (this.confirmed.misstated.has(seq)) put.set(misstatedName(seq), new Uint8Array());
    }
    if (put.size === 0 && remove.length === 0) return ok();
    const { expect = new Map<string, Uint8Array | undefined>() } = also;
    const written = await this.#store.commit({ expect, put, remove });
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
  async #writeAnew(
    also: Pick<StoreBatch, 'expect' | 'put' | 'remove'>,
  ): Promise<Result<void, StoreError>> {
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
    also: Pick<StoreBatch, 'expect' | 'put' | 'remove'>,
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
      expect: new Map([...(also.expect ?? []), [CHECKPOINT_HEAD, this.#base.headBytes] as const]),
      put,
      remove: [...stale, ...leaving, ...(also.remove ?? [])],
    });
    if (!replaced.ok) return replaced;
    this.#newKeys.splice(0, keys.length);
    this.#base = { headBytes, seq, names, size: bytes.length };
    this.#tail = { entries: 0, bytes: 0 };
    this.#retryAtEntries = 0;
    return ok();
  }
}

async function readStored(
  store: LocalStore,
  { budgetId, keys, refreshKeys }: LocalLogDeps,
): Promise<Result<{ whole: WholeLog; confirmed: ConfirmedLog }, StoreError>> {
  const whole = await readWholeLog(store);
  if (!whole.ok) return whole;
  // Later than the entries, which are written together with the keys that open them.
  const refreshed = await refreshKeys?.();
  if (refreshed && !refreshed.ok) return refreshed;
  const { stored, entries } = whole.value;
  const confirmed = restoreLog(stored, entries, budgetId, keys);
  const misstated = await store.list(MISSTATED_PREFIX);
  if (!misstated.ok) return misstated;
  if (confirmed.ok) {
    for (const name of misstated.value.keys()) {
      confirmed.value.misstated.add(Number(name.slice(MISSTATED_PREFIX.length)));
    }
  }
  return confirmed.ok ? ok({ whole: whole.value, confirmed: confirmed.value }) : confirmed;
}

function baseOf(stored: StoredCheckpoint | undefined): Base {
  if (!stored) return { headBytes: undefined, seq: 0, names: [], size: 0 };
  const { headBytes, head, size } = stored;
  const names = Array.from({ length: head.chunks }, (_, index) => chunkName(head.seq, index));
  return { headBytes, seq: head.seq, names, size };
}

const sizeOf = (entries: readonly LocalEntry[]): number =>
  entries.reduce((sum, { frame }) => sum + frame.length, 0);
