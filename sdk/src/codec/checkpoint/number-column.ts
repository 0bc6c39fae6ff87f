import { type ByteReader, refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/*
 * flags u8 | width u8 | signs | width planes of one byte per number, the highest first.
 * Bytes of like weight lie together, so those that hardly vary deflate to almost nothing.
 * `width` is at least 1: nobody makes a reader allocate more numbers than there are bytes.
 */

const DIFFERENCES = 1;
const SIGNED = 2;
const MAX_WIDTH = 7;
const TWO_TO_32 = 0x1_0000_0000;

/** Safe integers; the reader has to know how many. */
export function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  if (!numbers.every(Number.isSafeInteger)) throw new TypeError('A column holds safe integers.');
  const differences = differencesOf(numbers);
  // By a quarter at least: differences of what has no order only spread it.
  const isCloser =
    differences.every(Number.isSafeInteger) && bitsOf(differences) * 4 < bitsOf(numbers) * 3;
  const chosen = isCloser ? differences : numbers;
  const isSigned = chosen.some((number) => number < 0);
  const largest = chosen.reduce((most, number) => Math.max(most, Math.abs(number)), 1);
  const width = Math.ceil(bitLength(largest) / 8);
  writer.writeBytes(Uint8Array.of((isCloser ? DIFFERENCES : 0) | (isSigned ? SIGNED : 0), width));
  if (isSigned) writer.writeBytes(packSigns(chosen));
  for (let plane = width - 1; plane >= 0; plane -= 1) writer.writeBytes(planeOf(chosen, plane));
}

export function readNumbers(reader: ByteReader, count: number): number[] {
  if (count === 0) return [];
  const [flags = 0, width = 0] = reader.readBytes(2);
  if (flags > (DIFFERENCES | SIGNED) || width < 1 || width > MAX_WIDTH) refuse('a bad column');
  const signs = (flags & SIGNED) === 0 ? undefined : reader.readBytes(Math.ceil(count / 8));
  const planes = reader.readBytes(count * width);
  const numbers: number[] = [];
  let before = 0;
  for (let row = 0; row < count; row += 1) {
    let magnitude = 0;
    for (let at = row; at < planes.length; at += count) {
      magnitude = magnitude * 256 + (planes[at] ?? 0);
    }
    const isNegative = signs !== undefined && (((signs[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
    const number = isNegative ? 0 - magnitude : magnitude;
    const value = (flags & DIFFERENCES) === 0 ? number : before + number;
    if (!Number.isSafeInteger(value)) refuse('a number is too large');
    numbers.push(value);
    before = value;
  }
  return numbers;
}

/** As {@link readNumbers}, none of them below `least` or above `most`. */
export function readNumbersWithin(
  reader: ByteReader,
  count: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number[] {
  const numbers = readNumbers(reader, count);
  for (const number of numbers) {
    if (number < least || number > most) refuse('a number is out of its range');
  }
  return numbers;
}

const differencesOf = (numbers: readonly number[]): number[] =>
  numbers.map((number, row) => number - (numbers[row - 1] ?? 0));

/** What a column is judged by; whole numbers, so that all machines choose alike. */
function bitsOf(numbers: readonly number[]): number {
  let bits = 0;
  let signs = 0;
  for (const number of numbers) {
    bits += bitLength(Math.abs(number));
    if (number < 0) signs = numbers.length;
  }
  return bits + signs;
}

const bitLength = (magnitude: number): number =>
  magnitude < TWO_TO_32
    ? 32 - Math.clz32(magnitude)
    : 64 - Math.clz32(Math.floor(magnitude / TWO_TO_32));

function packSigns(numbers: readonly number[]): Uint8Array {
  const signs = new Uint8Array(Math.ceil(numbers.length / 8));
  numbers.forEach((number, row) => {
    if (number < 0) signs[row >> 3] = (signs[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return signs;
}

function planeOf(numbers: readonly number[], plane: number): Uint8Array {
  const bytes = new Uint8Array(numbers.length);
  const shift = 8 * (plane % 4);
  numbers.forEach((number, row) => {
    const magnitude = Math.abs(number);
    const half = plane < 4 ? magnitude % TWO_TO_32 : Math.floor(magnitude / TWO_TO_32);
    bytes[row] = (half >>> shift) & 0xff;
  });
  return bytes;
}
