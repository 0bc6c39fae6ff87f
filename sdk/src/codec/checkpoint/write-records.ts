import type { Value } from '../../model/edit.js';
import type { OpContext } from '../../model/op-context.js';
import type { FieldState, RecordState } from '../../model/record.js';
import type { ByteWriter } from './byte-writer.js';
import type { EditTable } from './edit-table.js';
import type { Names } from './names.js';
import { writeNumbers } from './number-column.js';
import { type OpReference, writeReferences } from './op-references.js';
import { partsNumber, shapeNumbers, writeShapes } from './record-shape.js';
import { compareText, writeTexts } from './text-column.js';
import { writeValues } from './value-column.js';

type Named = readonly [id: string, record: RecordState];

/**
 * The records of one collection as columns, in the order in which the log put them: ids are
 * random, but then positions, counters, times and often dates hardly differ from row to row.
 */
export function writeRecords(
  writer: ByteWriter,
  records: ReadonlyMap<string, RecordState>,
  edits: EditTable,
  names: Names,
): void {
  const columns = new Columns(edits, names);
  for (const row of inLogOrder(records, edits)) columns.add(row);
  columns.write(writer);
}

class Columns {
  readonly #edits: EditTable;
  readonly #names: Names;
  readonly #ids: string[] = [];
  readonly #shapes = new Map<
    string,
    { readonly row: number; readonly numbers: readonly number[] }
  >();
  readonly #shapeRows: number[] = [];
  readonly #puts: OpReference[] = [];
  readonly #removals: OpReference[] = [];
  readonly #ownWrites: OpReference[] = [];
  readonly #incrementCounts: number[] = [];
  readonly #increments: OpReference[] = [];
  readonly #amounts: number[] = [];
  /** By the row of the field's name. */
  readonly #values = new Map<number, (Value | undefined)[]>();

  constructor(edits: EditTable, names: Names) {
    this.#edits = edits;
    this.#names = names;
  }

  add([id, { put, removed, fields }]: Named): void {
    this.#ids.push(id);
    if (put) this.#puts.push(this.#reference(put));
    if (removed) this.#removals.push(this.#reference(removed));
    const fieldNumbers: number[] = [];
    for (const { name, field } of this.#sortFields(fields)) {
      const isByPut = put && field.write && isSameOp(field.write.by, put);
      const write = !field.write ? 'none' : isByPut ? 'by_put' : 'own';
      fieldNumbers.push(name, partsNumber(write, field.increments.length > 0));
      this.#addField(name, field, isByPut === true);
    }
    this.#addShape(shapeNumbers(put !== undefined, removed !== undefined, fieldNumbers));
  }

  write(writer: ByteWriter): void {
    writer.writeCount(this.#ids.length);
    writeTexts(writer, this.#ids);
    writeShapes(
      writer,
      [...this.#shapes.values()].map(({ numbers }) => numbers),
    );
    writeNumbers(writer, this.#shapeRows);
    writeReferences(writer, this.#puts);
    writeReferences(writer, this.#removals);
    writeReferences(writer, this.#ownWrites);
    writeNumbers(writer, this.#incrementCounts);
    writeReferences(writer, this.#increments);
    writeNumbers(writer, this.#amounts);
    for (const [, values] of [...this.#values].sort(([a], [b]) => a - b)) {
      writeValues(writer, values);
    }
  }

  #sortFields(fields: RecordState['fields']): { name: number; field: FieldState }[] {
    return [...fields]
      .map(([name, field]) => ({ name: this.#names.fieldRow(name), field }))
      .sort((a, b) => a.name - b.name);
  }

  #addShape(numbers: readonly number[]): void {
    const key = numbers.join();
    const row = this.#shapes.get(key)?.row ?? this.#shapes.size;
    if (row === this.#shapes.size) this.#shapes.set(key, { row, numbers });
    this.#shapeRows.push(row);
  }

  #addField(name: number, { write, increments }: FieldState, isByPut: boolean): void {
    if (write) {
      if (!isByPut) this.#ownWrites.push(this.#reference(write.by));
      const values = this.#values.get(name) ?? [];
      if (values.length === 0) this.#values.set(name, values);
      values.push(write.value);
    }
    if (increments.length > 0) this.#incrementCounts.push(increments.length - 1);
    for (const increment of increments) {
      this.#increments.push(this.#reference(increment));
      this.#amounts.push(increment.by);
    }
  }

  #reference(op: Pick<OpContext, 'device' | 'counter' | 'seq' | 'index'>): OpReference {
    return { edit: this.#edits.rowOf(op), index: op.index };
  }
}

const isSameOp = (a: OpContext, b: OpContext): boolean =>
  a === b ||
  (a.device === b.device && a.counter === b.counter && a.seq === b.seq && a.index === b.index);

/** By put or else removal; first those of which only fields are known. */
function inLogOrder(records: ReadonlyMap<string, RecordState>, edits: EditTable): Named[] {
  return [...records]
    .map((named) => {
      const lead = named[1].put ?? named[1].removed;
      return { named, edit: lead ? edits.rowOf(lead) : -1, index: lead?.index ?? 0 };
    })
    .sort((a, b) => a.edit - b.edit || a.index - b.index || compareText(a.named[0], b.named[0]))
    .map(({ named }) => named);
}
