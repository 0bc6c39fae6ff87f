import { MAX_RECORD_ID_LENGTH, type Value } from '../../model/edit.js';
import type { OpContext } from '../../model/op-context.js';
import type { FieldState, RecordState } from '../../model/record.js';
import { isName } from '../value.js';
import { type ByteReader, refuse } from './byte-reader.js';
import type { EditRow } from './edit-table.js';
import type { Names } from './names.js';
import { readNumbersWithin } from './number-column.js';
import { contextAt, type OpReference, readReferences } from './op-references.js';
import { type FieldShape, type RecordShape, readShapes } from './record-shape.js';
import { readTexts } from './text-column.js';
import { readValues } from './value-column.js';

/** Reads what `writeRecords` wrote. */
export function readRecords(
  reader: ByteReader,
  edits: readonly EditRow[],
  names: Names,
): Map<string, RecordState> {
  const ids = readTexts(reader, reader.readLength());
  const shapes = readShapes(reader, names.fields.length);
  const rows = readNumbersWithin(reader, ids.length, 0, shapes.length - 1);
  const shapeOf = (row: number): RecordShape => shapes[rows[row] ?? 0] ?? refuse('no shape');
  const columns = new Columns(reader, edits, names, countParts(shapes, rows));
  const records = new Map<string, RecordState>();
  ids.forEach((id, row) => {
    if (!isName(id, MAX_RECORD_ID_LENGTH) || records.has(id)) refuse('a bad record id');
    records.set(id, columns.next(shapeOf(row)));
  });
  return records;
}

/** How many rows each column has. */
interface PartCounts {
  puts: number;
  removals: number;
  ownWrites: number;
  incremented: number;
  /** By the row of the field's name. */
  readonly values: Map<number, number>;
}

function countParts(shapes: readonly RecordShape[], rows: readonly number[]): PartCounts {
  const uses = new Map<number, number>();
  for (const row of rows) uses.set(row, (uses.get(row) ?? 0) + 1);
  const counts: PartCounts = {
    puts: 0,
    removals: 0,
    ownWrites: 0,
    incremented: 0,
    values: new Map(),
  };
  shapes.forEach(({ hasPut, hasRemoved, fields }, row) => {
    const times = uses.get(row) ?? 0;
    if (hasPut) counts.puts += times;
    if (hasRemoved) counts.removals += times;
    for (const { name, write, hasIncrements } of fields) {
      if (write === 'own') counts.ownWrites += times;
      if (hasIncrements) counts.incremented += times;
      if (write !== 'none') counts.values.set(name, (counts.values.get(name) ?? 0) + times);
    }
  });
  return counts;
}

class Columns {
  readonly #edits: readonly EditRow[];
  readonly #names: Names;
  readonly #puts: Iterator<OpReference>;
  readonly #removals: Iterator<OpReference>;
  readonly #ownWrites: Iterator<OpReference>;
  readonly #incrementCounts: Iterator<number>;
  readonly #increments: Iterator<OpReference>;
  readonly #amounts: Iterator<number>;
  readonly #values = new Map<number, Iterator<Value | undefined>>();

  constructor(
    reader: ByteReader,
    edits: readonly EditRow[],
    names: Names,
    { puts, removals, ownWrites, incremented, values }: PartCounts,
  ) {
    this.#edits = edits;
    this.#names = names;
    this.#puts = readReferences(reader, puts, edits).values();
    this.#removals = readReferences(reader, removals, edits).values();
    this.#ownWrites = readReferences(reader, ownWrites, edits).values();
    const counts = readNumbersWithin(reader, incremented, 0, reader.remaining);
    const increments = counts.reduce((sum, count) => sum + count + 1, 0);
    this.#incrementCounts = counts.values();
    this.#increments = readReferences(reader, increments, edits).values();
    this.#amounts = readNumbersWithin(reader, increments, -Number.MAX_SAFE_INTEGER).values();
    for (const [name, count] of [...values].sort(([a], [b]) => a - b)) {
      this.#values.set(name, readValues(reader, count).values());
    }
  }

  next({ hasPut, hasRemoved, fields }: RecordShape): RecordState {
    const put = hasPut ? this.#context(this.#puts) : undefined;
    const removed = hasRemoved ? this.#context(this.#removals) : undefined;
    const states = fields.map((field): [string, FieldState] => [
      this.#names.fields[field.name] ?? refuse('a field that is not there'),
      this.#field(field, put),
    ]);
    return { put, removed, fields: new Map(states) };
  }

  #field({ name, write, hasIncrements }: FieldShape, put: OpContext | undefined): FieldState {
    const state: FieldState = { write: undefined, increments: [] };
    if (write !== 'none') {
      const by = write === 'by_put' && put ? put : this.#context(this.#ownWrites);
      state.write = { value: take(this.#values.get(name) ?? refuse('no values')), by };
    }
    let left = hasIncrements ? take(this.#incrementCounts) + 1 : 0;
    for (; left > 0; left -= 1) {
      const { edit, index } = take(this.#increments);
      const { device, counter, seq } = this.#edits[edit] ?? refuse('no such edit');
      const by = take(this.#amounts);
      if (by === 0) refuse('an increment by nothing');
      state.increments.push({ device, counter, index, seq, by });
    }
    return state;
  }

  #context(references: Iterator<OpReference>): OpContext {
    return contextAt(this.#edits, take(references));
  }
}

function take<T>(column: Iterator<T>): T {
  const next = column.next();
  return next.done === true ? refuse('a column ends too early') : next.value;
}
