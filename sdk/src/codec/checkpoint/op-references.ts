import type { OpContext } from '../../model/op-context.js';
import type { ByteReader } from './byte-reader.js';
import { refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { EditRow } from './edit-table.js';
import { readNumbersWithin, writeNumbers } from './number-column.js';

/** An op, by the row of its edit and its position in there. */
export interface OpReference {
  readonly edit: number;
  readonly index: number;
}

export function writeReferences(writer: ByteWriter, references: readonly OpReference[]): void {
  writeNumbers(
    writer,
    references.map(({ edit }) => edit),
  );
  writeNumbers(
    writer,
    references.map(({ index }) => index),
  );
}

export function readReferences(
  reader: ByteReader,
  count: number,
  edits: readonly EditRow[],
): OpReference[] {
  const rows = readNumbersWithin(reader, count, 0, edits.length - 1);
  const indexes = readNumbersWithin(reader, count, 0);
  return rows.map((edit, at) => ({ edit, index: indexes[at] ?? 0 }));
}

/** What the referenced op was, as merging needs it. */
export function contextAt(edits: readonly EditRow[], { edit, index }: OpReference): OpContext {
  const row = edits[edit];
  if (!row?.written) return refuse('a write of an edit that wrote nothing');
  const { author, stamp, base } = row.written;
  return { stamp, device: row.device, counter: row.counter, index, author, base, seq: row.seq };
}
