import { SealsyncError } from '../errors.js';
import {
  checkCollectionName,
  checkFieldName,
  checkIncrement,
  checkRecordId,
  copyFields,
  type BadInput,
} from '../model/check-input.js';
import type { RecordKey } from '../model/budget-state.js';
import type { Fields, Op } from '../model/edit.js';
import type { Result } from '../result.js';
import { DraftRecords } from './draft-records.js';
import type { SchemaChecks } from './schemas.js';

/** Fields of a record whose value may be a number, so that they can be incremented. */
export type NumericField<T> = {
  [K in keyof T]-?: Extract<T[K], number> extends never ? never : K;
}[keyof T] &
  string;

/** Changes of one collection. Everything handed in is checked and copied at the call. */
export interface CollectionWriter<T extends object> {
  /**
   * Writes the whole record: fields that are left out are gone. Those that the collection's
   * schema does not know are kept, as a newer version of the app wrote them: it strips them
   * from what it accepts. To be rid of them too, `remove` the record first.
   */
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

/** What collecting ops needs to know of the records as they are. */
export interface OpBuilderDeps {
  readonly read: (key: RecordKey) => Fields | undefined;
  readonly checks: SchemaChecks;
}

/** Collects the ops of one edit, in the order of the calls. */
export class OpBuilder {
  readonly #ops: Op[] = [];
  readonly #checks: SchemaChecks;
  readonly #draft: DraftRecords;

  constructor({ read, checks }: OpBuilderDeps) {
    this.#checks = checks;
    this.#draft = new DraftRecords(read);
  }

  get ops(): readonly Op[] {
    return this.#ops;
  }

  collection<T extends object>(name: string): CollectionWriter<T> {
    const collection = take(checkCollectionName(name));
    return {
      put: (id, record) => {
        const key = { collection, id: take(checkRecordId(id)) };
        const fields = this.#withUnknownFields(key, take(copyFields(record)));
        this.#add({ type: 'put', ...key, fields });
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
      },
    };
  }

  #add(op: Op): void {
    this.#ops.push(op);
    this.#draft.apply(op);
  }

  #withUnknownFields(key: RecordKey, fields: Fields): Fields {
    const before = this.#checks.has(key.collection) ? this.#draft.get(key) : undefined;
    if (!before) return fields;
    return { ...this.#checks.unknownFields(key.collection, before, fields), ...fields };
  }

  #requireRecord(collection: string, id: string): void {
    take(checkRecordId(id));
    if (this.#draft.get({ collection, id })) return;
    const message = `There is no such record in "${collection}"; put() it first.`;
    throw new SealsyncError('record_missing', message);
  }
}

/** Throws `invalid_record` if a record would not fit its schema any more after `ops`. */
export function requireFits(ops: readonly Op[], { read, checks }: OpBuilderDeps): void {
  const checked = ops.filter(({ collection }) => checks.has(collection));
  const draft = new DraftRecords(read);
  for (const op of checked) draft.apply(op);
  for (const { collection, fields } of draft.present()) checks.requireFit(collection, fields);
}

function take<T>(checked: Result<T, BadInput>): T {
  if (checked.ok) return checked.value;
  const { message } = checked.error;
  throw new SealsyncError('bad_input', `${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
}
