import type { Fields } from '../model/edit.js';
import type { OpBuilder } from './op-builder.js';
import { type CollectionWriter, type NumericField } from './op-builder.js';
import type { Replica } from '../sync/replica.js';
import { listInvalid, type InvalidRecord } from './invalid-records.js';
import type { SchemaChecks } from './schemas.js';

export interface CollectionChange {
  /** Records that were put, changed or removed. */
  readonly ids: ReadonlySet<string>;
  /** Whether this device made the change, or the log brought it. */
  readonly origin: 'local' | 'remote';
}

/**
 * The records of one name. Reads answer at once from memory; what they return is
 * frozen, and stays the same object until the record changes. Writes resolve once
 * they are durable on this device. All of them throw {@link SealsyncError}:
 * `bad_input`, `record_missing`, `too_large`, `closed`, `locked`,
 * `store_unavailable`, `store_full`, `store_corrupt`, and where the collection has a schema
 * `invalid_record`: the record as it would be does not fit it.
 */
export interface Collection<T extends object> {
  /** Fields that are left out are gone, those excepted that the schema does not know. */
  put(id: string, record: T): Promise<void>;
  update(id: string, changes: Partial<T>): Promise<void>;
  increment(id: string, field: NumericField<T>, by: number): Promise<void>;
  remove(id: string): Promise<void>;
  /** `undefined` also for a record that does not fit the schema: see `invalid`. */
  get(id: string): Readonly<T> | undefined;
  /** In ascending order of ids; without those that do not fit the schema. */
  list(): readonly (readonly [id: string, record: Readonly<T>])[];
  /**
   * The records that are there and do not fit the collection's schema, in ascending order of
   * ids: others wrote them, or a merge made them. A write that makes one fit again mends it.
   */
  invalid(): readonly InvalidRecord[];
  /** Calls `listener` after every change of any record; returns what unsubscribes. */
  subscribe(listener: (change: CollectionChange) => void): () => void;
}

export type Edits = (make: (builder: OpBuilder) => void) => Promise<void>;

export function createCollection<T extends object>(
  name: string,
  { replica, checks }: { readonly replica: Replica; readonly checks: SchemaChecks },
  edit: Edits,
): Collection<T> {
  const fits = (fields: Fields): boolean => checks.issuesOf(name, fields).length === 0;
  const write = (change: (writer: CollectionWriter<T>) => void): Promise<void> =>
    edit((builder) => {
      change(builder.collection<T>(name));
    });
  return {
    put: (id, record) =>
      write((writer) => {
        writer.put(id, record);
      }),
    update: (id, changes) =>
      write((writer) => {
        writer.update(id, changes);
      }),
    increment: (id, field, by) =>
      write((writer) => {
        writer.increment(id, field, by);
      }),
    remove: (id) =>
      write((writer) => {
        writer.remove(id);
      }),
    get: (id) => {
      const fields = replica.get({ collection: name, id });
      return fields && fits(fields) ? typed<T>(fields) : undefined;
    },
    list: () =>
      replica.list(name).flatMap(([id, fields]) => (fits(fields) ? [[id, typed<T>(fields)]] : [])),
    invalid: () => listInvalid(name, replica, checks),
    subscribe: (listener) =>
      replica.changes.add(({ origin, keys }) => {
        const ids = new Set(keys.filter((key) => key.collection === name).map(({ id }) => id));
        if (ids.size > 0) listener({ ids, origin });
      }),
  };
}

/** The boundary at which fields that the log brought get the type that the app declared. */
function typed<T extends object>(fields: Fields): Readonly<T> {
  return fields as Readonly<T>;
}
