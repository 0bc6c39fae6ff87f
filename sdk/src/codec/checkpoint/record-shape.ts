import { type ByteReader, refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readNumbersWithin, writeNumbers } from './number-column.js';

/** What a record consists of; most records of a collection share a few shapes. */
export interface RecordShape {
  readonly hasPut: boolean;
  readonly hasRemoved: boolean;
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  /** Its row among the names. */
  readonly name: number;
  readonly write: 'none' | 'by_put' | 'own';
  readonly hasIncrements: boolean;
}

const PUT = 1;
const REMOVED = 2;
const WRITES: readonly FieldShape['write'][] = ['none', 'by_put', 'own'];
const INCREMENTS = 4;

/** A shape as numbers: what there is, how many fields, and each field's name and parts. */
export const shapeNumbers = (
  hasPut: boolean,
  hasRemoved: boolean,
  fieldNumbers: readonly number[],
): number[] => [
  (hasPut ? PUT : 0) | (hasRemoved ? REMOVED : 0),
  fieldNumbers.length / 2,
  ...fieldNumbers,
];

export const partsNumber = (write: FieldShape['write'], hasIncrements: boolean): number =>
  WRITES.indexOf(write) | (hasIncrements ? INCREMENTS : 0);

export function writeShapes(writer: ByteWriter, shapes: readonly (readonly number[])[]): void {
  writer.writeCount(shapes.length);
  const numbers = shapes.flat();
  writer.writeCount(numbers.length);
  writeNumbers(writer, numbers);
}

export function readShapes(reader: ByteReader, fieldCount: number): RecordShape[] {
  const count = reader.readLength();
  const numbers = readNumbersWithin(reader, reader.readLength(), 0).values();
  const next = (most: number): number => {
    const { value } = numbers.next();
    return value !== undefined && value <= most ? value : refuse('a bad shape');
  };
  const shapes: RecordShape[] = [];
  for (let row = 0; row < count; row += 1) {
    const has = next(PUT | REMOVED);
    const hasPut = (has & PUT) !== 0;
    const fields: FieldShape[] = [];
    let least = 0;
    for (let left = next(fieldCount); left > 0; left -= 1) {
      const name = next(fieldCount - 1);
      const parts = next(INCREMENTS | 2);
      const write = WRITES[parts & 3] ?? refuse('a bad shape');
      const hasIncrements = (parts & INCREMENTS) !== 0;
      // A field of nothing would cost no byte in a record, and memory in all of them.
      if (name < least || parts === 0 || (write === 'by_put' && !hasPut)) refuse('a bad shape');
      least = name + 1;
      fields.push({ name, write, hasIncrements });
    }
    shapes.push({ hasPut, hasRemoved: (has & REMOVED) !== 0, fields });
  }
  if (!numbers.next().done) refuse('a bad shape');
  return shapes;
}
