import { isText } from '../value.js';
import { type ByteReader, refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readNumbers, readNumbersWithin, writeNumbers } from './number-column.js';

/*
 * form u8, then either the texts or, where they repeat, each once in order and which one
 * each row has. Texts are their lengths in UTF-16 code units and all of them run together.
 */

const EACH = 0;
const REPEATED = 1;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Well-formed texts; the reader has to know how many. */
export function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  if (texts.length === 0) return;
  const distinct = [...new Set(texts)];
  if (distinct.length * 2 > texts.length) {
    writer.writeBytes(Uint8Array.of(EACH));
    writeEach(writer, texts);
    return;
  }
  distinct.sort(compareText);
  const rows = new Map(distinct.map((text, row) => [text, row]));
  writer.writeBytes(Uint8Array.of(REPEATED));
  writer.writeCount(distinct.length);
  writeEach(writer, distinct);
  writeNumbers(
    writer,
    texts.map((text) => rows.get(text) ?? 0),
  );
}

export function readTexts(reader: ByteReader, count: number): string[] {
  if (count === 0) return [];
  const [form] = reader.readBytes(1);
  if (form === EACH) return readEach(reader, count);
  if (form !== REPEATED) refuse('an unknown form of texts');
  const distinct = readEach(reader, reader.readLength());
  return readNumbersWithin(reader, count, 0).map(
    (row) => distinct[row] ?? refuse('a text that is not there'),
  );
}

/** By UTF-16 code units, the same on all machines. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function writeEach(writer: ByteWriter, texts: readonly string[]): void {
  writeNumbers(
    writer,
    texts.map((text) => text.length),
  );
  writer.writeBlock(textEncoder.encode(texts.join('')));
}

function readEach(reader: ByteReader, count: number): string[] {
  const lengths = readNumbers(reader, count);
  const joined = decodeText(reader.readBlock());
  let end = 0;
  const texts = lengths.map((length) => {
    if (length < 0 || length > joined.length - end) refuse('a text ends too early');
    end += length;
    const text = joined.slice(end - length, end);
    return isText(text) ? text : refuse('half a character');
  });
  return end === joined.length ? texts : refuse('more text than texts');
}

function decodeText(bytes: Uint8Array): string {
  try {
    return textDecoder.decode(bytes);
  } catch {
    return refuse('text that is no UTF-8');
  }
}
