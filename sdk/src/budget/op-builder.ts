import { SealsyncError } from '../errors.js';
import {
  checkCollectionName,
  checkFieldName,
  checkIncrement,
  checkRecordId,
  copyFields,
  type BadInput,
} from '../model/check-input.js';
import type { Op } from '../model/edit.js';
import type { Result } from '../result.js';

/** Fields of a record whose value may be a number, so that they can be incremented. */
export type NumericField<T> = {
  [K in keyof T]-?: Extract<T[K], number> extends never ? never : K;
}[keyof T] &
  string;

/** Changes of one collection. Everything handed in is checked and copied at the call. */
export interface CollectionWriter<T extends object> {
  /** Writes the whole record: fields that are left out are gone. */
  put(id: string, record: T): void;
  /** Writes some fields of an existing record. */
  update(id: string, changes: Partial<T>): void;
  /**
   * Adds a safe integer to a field, so that what others add at the same time adds up.
   * A value that should survive that way is never written with `update`.
   */
  increment(id: string, field: NumericField<T>, by: number): void;
  remove(id: string): void;
}

/** Collects the ops of one edit, in the order of the calls. */
export class OpBuilder {
  readonly #ops: Op[] = [];
  readonly #exists: (collection: string, id: string) => boolean;
  /** Whether records that this edit puts or removes are there after it. */
  readonly #madeHere = new Map<string, boolean>();

  constructor(exists: (collection: string, id: string) => boolean) {
    this.#exists = exists;
  }

  get ops(): readonly Op[] {
    return this.#ops;
  }

  collection<T extends object>(name: string): CollectionWriter<T> {
    const collection = take(checkCollectionName(name));
    return {
      put: (id, record) => {
        this.#add({
          type: 'put',
          collection,
          id: take(checkRecordId(id)),
          fields: take(copyFields(record)),
        });
        this.#madeHere.set(keyOf(collection, id), true);
      },
      update: (id, changes) => {
        this.#requireRecord(collection, id);
        for (const [name, value] of Object.entries(take(copyFields(changes)))) {
          this.#add({ type: 'set', collection, id, field: name, value });
        }
      },
      increment: (id, name, by) => {
        this.#requireRecord(collection, id);
        const field = take(checkFieldName(name));
        this.#add({ type: 'increment', collection, id, field, by: take(checkIncrement(by)) });
      },
      remove: (id) => {
        this.#requireRecord(collection, id);
        this.#add({ type: 'remove', collection, id });
        this.#madeHere.set(keyOf(collection, id), false);
      },
    };
  }

  #add(op: Op): void {
    this.#ops.push(op);
  }

  #requireRecord(collection: string, id: string): void {
    take(checkRecordId(id));
    if (this.#madeHere.get(keyOf(collection, id)) ?? this.#exists(collection, id)) return;
    const message = `There is no such record in "${collection}"; put() it first.`;
    throw new SealsyncError('record_missing', message);
  }
}

const keyOf = (collection: string, id: string): string => JSON.stringify([collection, id]);

function take<T>(checked: Result<T, BadInput>): T {
  if (checked.ok) return checked.value;
  throw new SealsyncError('bad_input', `${checked.error.message}.`);
}
