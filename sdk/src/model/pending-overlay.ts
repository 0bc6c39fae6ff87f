import { findRecord, type BudgetState, type RecordKey } from './budget-state.js';
import type { Edit, Fields, Op } from './edit.js';
import { contextOf, PENDING, type OpContext } from './op-context.js';
import { sameValue } from './same-value.js';
import { copyRecord, emptyRecord, mergeOp, readRecord } from './record.js';

interface PendingOp {
  readonly op: Op;
  readonly by: OpContext;
}

/**
 * What the app sees: the confirmed state with the outbox's edits on top. Reads are
 * cached, so a record that did not change is the same object every time.
 */
export class PendingOverlay {
  readonly #confirmed: BudgetState;
  readonly #author: string;
  /** By collection, then record. */
  #pending = new Map<string, Map<string, PendingOp[]>>();
  /** Counters of the edits that are in `#pending`. */
  readonly #indexed = new Set<number>();
  readonly #cache = new Map<string, Map<string, Fields | undefined>>();

  constructor(confirmed: BudgetState, author: string) {
    this.#confirmed = confirmed;
    this.#author = author;
  }

  /**
   * Puts one more edit on top; returns the records that look different now. Between the edit's
   * becoming pending and this call, the overlay may have started over with it.
   */
  add(edit: Edit): RecordKey[] {
    if (!this.#indexed.has(edit.counter)) this.#index(edit);
    return this.refresh(edit.ops);
  }

  /** Starts over from `edits`, after some were confirmed or rejected. */
  reset(edits: Iterable<Edit>): RecordKey[] {
    const touched: RecordKey[] = [];
    for (const [collection, records] of this.#pending) {
      for (const id of records.keys()) touched.push({ collection, id });
    }
    this.#pending = new Map();
    this.#indexed.clear();
    for (const edit of edits) this.#index(edit);
    return this.refresh(touched);
  }

  /** Starts over on another confirmed state; returns every record that was or is there. */
  restart(edits: Iterable<Edit>): RecordKey[] {
    const known = new Map<string, Set<string>>();
    for (const records of [this.#cache, this.#confirmed.collections]) {
      for (const [collection, byId] of records) {
        const ids = known.get(collection) ?? new Set<string>();
        for (const id of byId.keys()) ids.add(id);
        known.set(collection, ids);
      }
    }
    const pending = this.reset(edits);
    const keys = [...known].flatMap(([collection, ids]) =>
      [...ids].map((id) => ({ collection, id })),
    );
    return [...pending, ...this.refresh(keys)];
  }

  /**
   * Reads records again whose state changed; returns those that look different. One
   * that nobody has read yet counts as different.
   */
  refresh(keys: Iterable<RecordKey>): RecordKey[] {
    const changed: RecordKey[] = [];
    for (const { collection, id } of keys) {
      const cached = this.#cache.get(collection);
      if (!cached?.has(id)) {
        changed.push({ collection, id });
        continue;
      }
      const before = cached.get(id);
      const now = this.#read({ collection, id });
      if (sameValue(before, now)) continue;
      cached.set(id, now);
      changed.push({ collection, id });
    }
    return changed;
  }

  get({ collection, id }: RecordKey): Fields | undefined {
    const cached = this.#cache.get(collection);
    if (cached?.has(id)) return cached.get(id);
    const fields = this.#read({ collection, id });
    if (cached) cached.set(id, fields);
    else this.#cache.set(collection, new Map([[id, fields]]));
    return fields;
  }

  /** Every present record of a collection, in ascending order of ids. */
  list(collection: string): [id: string, fields: Fields][] {
    const ids = new Set([
      ...(this.#confirmed.collections.get(collection)?.keys() ?? []),
      ...(this.#pending.get(collection)?.keys() ?? []),
    ]);
    const present: [string, Fields][] = [];
    for (const id of [...ids].sort()) {
      const fields = this.get({ collection, id });
      if (fields) present.push([id, fields]);
    }
    return present;
  }

  #read(key: RecordKey): Fields | undefined {
    const confirmed = findRecord(this.#confirmed, key);
    const pending = this.#pending.get(key.collection)?.get(key.id);
    if (!pending) return confirmed && readRecord(confirmed);
    const record = confirmed ? copyRecord(confirmed) : emptyRecord();
    for (const { op, by } of pending) mergeOp(record, op, by);
    return readRecord(record);
  }

  #index(edit: Edit): void {
    this.#indexed.add(edit.counter);
    edit.ops.forEach((op, index) => {
      const by = contextOf(edit, index, {
        author: this.#author,
        seq: PENDING,
        entryTimeMs: PENDING,
      });
      let records = this.#pending.get(op.collection);
      if (!records) this.#pending.set(op.collection, (records = new Map<string, PendingOp[]>()));
      const ops = records.get(op.id);
      if (ops) ops.push({ op, by });
      else records.set(op.id, [{ op, by }]);
    });
  }
}
