import type { Fields, Op, Value } from './edit.js';
import { compareContexts, hadSeen, type OpContext } from './op-context.js';

/*
 * The merge of one record. Pure, total, and independent of any clock:
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
  readonly write: Write | undefined;
  readonly increments: readonly Increment[];
}

export interface RecordState {
  readonly put: OpContext | undefined;
  readonly removed: OpContext | undefined;
  readonly fields: ReadonlyMap<string, FieldState>;
}

export const EMPTY_RECORD: RecordState = { put: undefined, removed: undefined, fields: new Map() };
const EMPTY_FIELD: FieldState = { write: undefined, increments: [] };

/** The record after `op`; the order in which ops arrive does not change the result. */
export function applyOp(record: RecordState, op: Op, by: OpContext): RecordState {
  switch (op.type) {
    case 'put':
      return applyPut(record, op.fields, by);
    case 'set':
      return withField(record, op.field, (field) => writeField(record, field, op.value, by));
    case 'increment':
      return withField(record, op.field, (field) => ({
        ...field,
        increments: [...field.increments, incrementOf(by, op.by)],
      }));
    case 'remove':
      return applyRemove(record, by);
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
    if (value !== undefined) visible.push([name, value]);
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
  const field = record.fields.get(name) ?? EMPTY_FIELD;
  const write = decidingWrite(record, name);
  const onTop = field.increments.filter((increment) => !write || !hadSeen(write.by, increment));
  if (onTop.length === 0) return write?.value;
  const start = write?.value ?? 0;
  // Somebody made a text of what others count: there is nothing to add to.
  if (typeof start !== 'number') return start;
  return onTop.reduce((sum, increment) => sum + increment.by, start);
}

function applyPut(record: RecordState, values: Fields, by: OpContext): RecordState {
  const put = newest(record.put, by);
  const fields = new Map(record.fields);
  for (const [name, value] of Object.entries(values)) {
    fields.set(name, writeField(record, fields.get(name) ?? EMPTY_FIELD, value, by));
  }
  return { ...record, put, fields };
}

function applyRemove(record: RecordState, by: OpContext): RecordState {
  const removed = newest(record.removed, by);
  const fields = new Map<string, FieldState>();
  for (const [name, field] of record.fields) {
    const write =
      field.write && compareContexts(field.write.by, removed) > 0 ? field.write : undefined;
    if (write || field.increments.length > 0) fields.set(name, { ...field, write });
  }
  return { ...record, removed, fields };
}

function writeField(
  record: RecordState,
  field: FieldState,
  value: Value,
  by: OpContext,
): FieldState {
  if (record.removed && compareContexts(by, record.removed) < 0) return field;
  if (field.write && compareContexts(by, field.write.by) < 0) return field;
  return { ...field, write: { value, by } };
}

function withField(
  record: RecordState,
  name: string,
  change: (field: FieldState) => FieldState,
): RecordState {
  const field = record.fields.get(name) ?? EMPTY_FIELD;
  const changed = change(field);
  if (changed === field) return record;
  return { ...record, fields: new Map(record.fields).set(name, changed) };
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
