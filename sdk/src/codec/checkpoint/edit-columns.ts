import type { DeviceId } from '../../model/ids.js';
import { MAX_LOGICAL } from '../../model/hybrid-clock.js';
import type { ByteReader } from './byte-reader.js';
import { refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { EditRow } from './edit-table.js';
import { readNumbers, readNumbersWithin, writeNumbers } from './number-column.js';
import type { Names } from './names.js';

/*
 * Who made each edit, as a row of the pairs of device and author; its position; its counter as the
 * difference from the one that follows the device's last; and of those that wrote something
 * the stamp, and how many entries they had not seen.
 */

export function writeEdits(writer: ByteWriter, rows: readonly EditRow[], names: Names): void {
  const makers = distinctMakers(rows, names);
  const rowOfMaker = new Map(
    makers.map(([device, author], row) => [makerKey(device, author), row]),
  );
  writer.writeCount(makers.length);
  writeNumbers(
    writer,
    makers.map(([device]) => device),
  );
  writeNumbers(
    writer,
    makers.map(([, author]) => author),
  );
  writer.writeCount(rows.length);
  writeNumbers(
    writer,
    rows.map((row) => rowOfMaker.get(makerKey(...makerOf(row, names))) ?? 0),
  );
  writeNumbers(
    writer,
    rows.map(({ seq }) => seq),
  );
  const expected = new ExpectedCounters();
  writeNumbers(
    writer,
    rows.map((row) => row.counter - expected.replace(row.device, row.counter)),
  );
  const written = rows.flatMap(({ seq, written: by }) => (by ? [{ seq, ...by }] : []));
  writeNumbers(
    writer,
    written.map(({ stamp }) => stamp.wallMs),
  );
  writeNumbers(
    writer,
    written.map(({ stamp }) => stamp.logical),
  );
  writeNumbers(
    writer,
    written.map(({ seq, base }) => seq - 1 - base),
  );
}

export function readEdits(reader: ByteReader, names: Names): EditRow[] {
  const makerCount = reader.readLength();
  const devices = readNumbersWithin(reader, makerCount, 0, names.devices.length - 1);
  const authors = readNumbersWithin(reader, makerCount, 0, names.authors.length);
  const count = reader.readLength();
  const makers = readNumbersWithin(reader, count, 0, makerCount - 1);
  const seqs = readNumbersWithin(reader, count, 1);
  const counters = readNumbers(reader, count);
  const isWritten = (row: number): boolean => (authors[makers[row] ?? 0] ?? 0) > 0;
  const written = makers.reduce((sum, _, row) => (isWritten(row) ? sum + 1 : sum), 0);
  const wallMs = readNumbersWithin(reader, written, 0).values();
  const logical = readNumbersWithin(reader, written, 0, MAX_LOGICAL).values();
  const unseen = readNumbers(reader, written).values();
  const expected = new ExpectedCounters();
  return makers.map((maker, row) => {
    const device = names.devices[devices[maker] ?? 0] ?? refuse('a device that is not there');
    const seq = seqs[row] ?? 0;
    const counter = expected.add(device, counters[row] ?? 0);
    const author = names.authors[(authors[maker] ?? 0) - 1];
    if (author === undefined) return { device, counter, seq, written: undefined };
    const stamp = { wallMs: wallMs.next().value ?? 0, logical: logical.next().value ?? 0 };
    const base = seq - 1 - (unseen.next().value ?? 0);
    if (!Number.isSafeInteger(base) || base < 0) refuse('a base out of its range');
    return { device, counter, seq, written: { author, stamp, base } };
  });
}

/** A device's counters mostly follow one another. */
class ExpectedCounters {
  readonly #next = new Map<DeviceId, number>();

  /** What was expected of `device`, which has `counter`. */
  replace(device: DeviceId, counter: number): number {
    const expected = this.#next.get(device) ?? 1;
    this.#next.set(device, counter + 1);
    return expected;
  }

  add(device: DeviceId, difference: number): number {
    const counter = (this.#next.get(device) ?? 1) + difference;
    if (!Number.isSafeInteger(counter) || counter < 1) refuse('a counter out of its range');
    this.#next.set(device, counter + 1);
    return counter;
  }
}

type Maker = readonly [device: number, author: number];

/** The author is 0 where none is kept, and one more than its row otherwise. */
const makerOf = (row: EditRow, names: Names): Maker => [
  names.deviceRow(row.device),
  row.written ? names.authorRow(row.written.author) + 1 : 0,
];

const makerKey = (device: number, author: number): string => `${String(device)}/${String(author)}`;

function distinctMakers(rows: readonly EditRow[], names: Names): Maker[] {
  const makers = new Map<string, Maker>();
  for (const row of rows) {
    const maker = makerOf(row, names);
    makers.set(makerKey(...maker), maker);
  }
  return [...makers.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
