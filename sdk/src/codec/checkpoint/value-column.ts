import type { Value } from '../../model/edit.js';
import { decodeCanonical, encodeCanonical } from '../cbor.js';
import { isValue } from '../value.js';
import { type ByteReader, refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readNumbers, readNumbersWithin, writeNumbers } from './number-column.js';
import { readTexts, writeTexts } from './text-column.js';

/* What each value is, then the integers, other numbers, texts and the rest, each as columns. */

const NOTHING = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const INTEGER = 4;
const FLOAT = 5;
const TEXT = 6;
/** Bytes, arrays and maps, each in deterministic CBOR. */
const ITEM = 7;
const FLOAT_BYTES = 8;

/** The reader has to know how many; `undefined` is where a write left the field out. */
export function writeValues(writer: ByteWriter, values: readonly (Value | undefined)[]): void {
  const tags: number[] = [];
  const integers: number[] = [];
  const floats: number[] = [];
  const texts: string[] = [];
  const items: Uint8Array[] = [];
  for (const value of values) {
    const tag = tagOf(value);
    tags.push(tag);
    if (typeof value === 'number') (tag === INTEGER ? integers : floats).push(value);
    else if (typeof value === 'string') texts.push(value);
    else if (tag === ITEM && value !== undefined) items.push(encodeCanonical(value));
  }
  writeNumbers(writer, tags);
  writeNumbers(writer, integers);
  writeFloats(writer, floats);
  writeTexts(writer, texts);
  writeNumbers(
    writer,
    items.map((item) => item.length),
  );
  for (const item of items) writer.writeBytes(item);
}

export function readValues(reader: ByteReader, count: number): (Value | undefined)[] {
  const tags = readNumbersWithin(reader, count, NOTHING, ITEM);
  const countOf = (wanted: number): number =>
    tags.reduce((sum, tag) => (tag === wanted ? sum + 1 : sum), 0);
  const integers = readNumbers(reader, countOf(INTEGER)).values();
  const floats = readFloats(reader, countOf(FLOAT)).values();
  const texts = readTexts(reader, countOf(TEXT)).values();
  const lengths = readNumbersWithin(reader, countOf(ITEM), 1).values();
  return tags.map((tag) => {
    switch (tag) {
      case NOTHING:
        return undefined;
      case NULL:
        return null;
      case INTEGER:
        return integers.next().value;
      case FLOAT:
        return floats.next().value;
      case TEXT:
        return texts.next().value;
      case ITEM:
        return readItem(reader.readBytes(lengths.next().value ?? 0));
      default:
        return tag === TRUE;
    }
  });
}

function tagOf(value: Value | undefined): number {
  switch (typeof value) {
    case 'undefined':
      return NOTHING;
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'number':
      return Number.isSafeInteger(value) ? INTEGER : FLOAT;
    case 'string':
      return TEXT;
    default:
      return value === null ? NULL : ITEM;
  }
}

function readItem(bytes: Uint8Array): Value {
  const item = decodeCanonical(bytes);
  return item !== undefined && isValue(item) ? item : refuse('a bad value');
}

/** Big-endian, all first bytes together, then all second ones, and so on. */
function writeFloats(writer: ByteWriter, floats: readonly number[]): void {
  const bytes = new Uint8Array(floats.length * FLOAT_BYTES);
  const one = new DataView(new ArrayBuffer(FLOAT_BYTES));
  floats.forEach((float, row) => {
    one.setFloat64(0, float);
    for (let plane = 0; plane < FLOAT_BYTES; plane += 1) {
      bytes[plane * floats.length + row] = one.getUint8(plane);
    }
  });
  writer.writeBytes(bytes);
}

function readFloats(reader: ByteReader, count: number): number[] {
  const bytes = reader.readBytes(count * FLOAT_BYTES);
  const one = new DataView(new ArrayBuffer(FLOAT_BYTES));
  return Array.from({ length: count }, (_, row) => {
    for (let plane = 0; plane < FLOAT_BYTES; plane += 1) {
      one.setUint8(plane, bytes[plane * count + row] ?? 0);
    }
    const float = one.getFloat64(0);
    return Number.isFinite(float) ? float : refuse('a number that is none');
  });
}
