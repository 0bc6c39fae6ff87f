import type { Fields, Op, Value } from './edit.js';
import { exposeValue } from './expose-value.js';
import { compareContexts, hadSeen, type OpContext } from './op-context.js';

/*
 * The merge of one record. Total, and independent of any clock and of order:
 *
 * - A field is a last-writer-wins register. A `put` writes every field of the record:
 *   those that it names with a value, all others with nothing.
 * - An increment adds to whichever write wins, unless the author of that write had
 *   seen the increment, in which case the written value already contains it.
 * - A record is there while its newest `put` is newer than its newest `remove`.
 *   Writes older than the removal can never show again and are dropped; increments
 *   stay, dormant, until a later `put` absorbs them or carries them.
 */

export interface Write {
  /** `undefined` where a `put` left the field out. */
  readonly value: Value | undefined;
  readonly by: OpContext;
}

type Increment = Pick<OpContext, 'device' | 'counter' | 'index' | 'seq'> & { readonly by: number };

export interface FieldState {
  write: Write | undefined;
  readonly increments: Increment[];
}

/** Owned by one fold, which changes it through {@link mergeOp} alone. */
export interface RecordState {
  put: OpContext | undefined;
  removed: OpContext | undefined;
  readonly fields: Map<string, FieldState>;
  /** Kept here by whoever digests the state, until the record changes. */
  digest?: Uint8Array | undefined;
}

export const emptyRecord = (): RecordState => ({
  put: undefined,
  removed: undefined,
  fields: new Map(),
});

/** A copy that can be merged into without touching `record`. */
export function copyRecord({ put, removed, fields }: RecordState): RecordState {
  const copies = new Map<string, FieldState>();
  for (const [name, { write, increments }] of fields) {
    copies.set(name, { write, increments: [...increments] });
  }
  return { put, removed, fields: copies };
}

/**
 * Merges `op` into `record`, in place: one entry may carry thousands of ops. The order
 * in which ops arrive does not change the result. Never throws.
 */
export function mergeOp(record: RecordState, op: Op, by: OpContext): void {
  record.digest = undefined;
  switch (op.type) {
    case 'put':
      mergePut(record, op.fields, by);
      break;
    case 'set':
      mergeWrite(record, op.field, op.value, by);
      break;
    case 'increment':
      fieldOf(record, op.field).increments.push(incrementOf(by, op.by));
      break;
    case 'remove':
      mergeRemove(record, by);
      break;
  }
}

export const isPresent = (record: RecordState): boolean =>
  record.put !== undefined &&
  (record.removed === undefined || compareContexts(record.put, record.removed) > 0);

/** What the app sees of a record, or `undefined` while it is absent or removed. */
export function readRecord(record: RecordState): Fields | undefined {
  if (!isPresent(record)) return undefined;
  const visible: [string, Value][] = [];
  for (const name of record.fields.keys()) {
    const value = readField(record, name);
    if (value !== undefined) visible.push([name, exposeValue(value)]);
  }
  return Object.freeze(Object.fromEntries(visible));
}

/** The write that decides a field: its own newest, or a newer `put` that left it out. */
export function decidingWrite(record: RecordState, name: string): Write | undefined {
  const write = record.fields.get(name)?.write;
  const { put } = record;
  if (put && (!write || compareContexts(put, write.by) > 0)) return { value: undefined, by: put };
  return write;
}

function readField(record: RecordState, name: string): Value | undefined {
  const increments = record.fields.get(name)?.increments ?? [];
  const write = decidingWrite(record, name);
  const onTop = increments.filter((increment) => !write || !hadSeen(write.by, increment));
  if (onTop.length === 0) return write?.value;
  const start = write?.value ?? 0;
  // Somebody made a text of what others count: there is nothing to add to.
  if (typeof start !== 'number') return start;
  return onTop.reduce((sum, increment) => sum + increment.by, start);
}

function mergePut(record: RecordState, values: Fields, by: OpContext): void {
  record.put = newest(record.put, by);
  for (const [name, value] of Object.entries(values)) mergeWrite(record, name, value, by);
}

function mergeRemove(record: RecordState, by: OpContext): void {
  const removed = newest(record.removed, by);
  record.removed = removed;
  for (const [name, field] of record.fields) {
    if (field.write && compareContexts(field.write.by, removed) < 0) field.write = undefined;
    if (!field.write && field.increments.length === 0) record.fields.delete(name);
  }
}

function mergeWrite(record: RecordState, name: string, value: Value, by: OpContext): void {
  if (record.removed && compareContexts(by, record.removed) < 0) return;
  const field = fieldOf(record, name);
  if (field.write && compareContexts(by, field.write.by) < 0) return;
  field.write = { value, by };
}

function fieldOf(record: RecordState, name: string): FieldState {
  const known = record.fields.get(name);
  if (known) return known;
  const field: FieldState = { write: undefined, increments: [] };
  record.fields.set(name, field);
  return field;
}

const newest = (a: OpContext | undefined, b: OpContext): OpContext =>
  a && compareContexts(a, b) > 0 ? a : b;

const incrementOf = ({ device, counter, index, seq }: OpContext, by: number): Increment => ({
  device,
  counter,
  index,
  seq,
  by,
});
