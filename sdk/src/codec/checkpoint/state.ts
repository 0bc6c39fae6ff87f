import type { BudgetState } from '../../model/budget-state.js';
import { MAX_COLLECTION_NAME_LENGTH } from '../../model/edit.js';
import { MAX_LOGICAL } from '../../model/hybrid-clock.js';
import type { RecordState } from '../../model/record.js';
import { isName } from '../value.js';
import { type ByteReader, refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readEdits, writeEdits } from './edit-columns.js';
import { collectEdits } from './edit-table.js';
import { collectNames, type Names, readNames, requireNames, writeNames } from './names.js';
import { readNumbersWithin, writeNumbers } from './number-column.js';
import { readRecords } from './read-records.js';
import { compareText, readTexts, writeTexts } from './text-column.js';
import { writeRecords } from './write-records.js';

/** All of a confirmed state; equal states give equal bytes, in whatever order they came about. */
export function writeState(writer: ByteWriter, state: BudgetState): void {
  const edits = collectEdits(state);
  const names = collectNames(state, edits.rows);
  writeNames(writer, names);
  writeNumbers(writer, [state.latestStamp.wallMs, state.latestStamp.logical]);
  writeApplied(writer, state, names);
  writeEdits(writer, edits.rows, names);
  const collections = [...state.collections].sort(([a], [b]) => compareText(a, b));
  writer.writeCount(collections.length);
  writeTexts(
    writer,
    collections.map(([name]) => name),
  );
  for (const [, records] of collections) writeRecords(writer, records, edits, names);
}

/** Reads what {@link writeState} wrote; throws `MalformedBytes`. */
export function readState(reader: ByteReader): BudgetState {
  const names = readNames(reader);
  const [wallMs = 0, logical = 0] = readNumbersWithin(reader, 2, 0);
  if (logical > MAX_LOGICAL) refuse('a bad stamp');
  const applied = readApplied(reader, names);
  const edits = readEdits(reader, names);
  const collectionNames = readTexts(reader, reader.readLength());
  requireNames(collectionNames, (name) => isName(name, MAX_COLLECTION_NAME_LENGTH), compareText);
  const collections = new Map<string, Map<string, RecordState>>();
  for (const name of collectionNames) collections.set(name, readRecords(reader, edits, names));
  return { collections, applied, latestStamp: { wallMs, logical } };
}

function writeApplied(writer: ByteWriter, { applied }: BudgetState, names: Names): void {
  const sorted = [...applied].sort(([a], [b]) => compareText(a, b));
  writer.writeCount(sorted.length);
  writeNumbers(
    writer,
    sorted.map(([device]) => names.deviceRow(device)),
  );
  writeNumbers(
    writer,
    sorted.map(([, counter]) => counter),
  );
}

function readApplied(reader: ByteReader, names: Names): BudgetState['applied'] {
  const count = reader.readLength();
  const devices = readNumbersWithin(reader, count, 0, names.devices.length - 1);
  const counters = readNumbersWithin(reader, count, 1);
  const applied: BudgetState['applied'] = new Map();
  devices.forEach((row, at) => {
    const device = names.devices[row] ?? refuse('a device that is not there');
    if (applied.has(device)) refuse('a device twice');
    applied.set(device, counters[at] ?? 0);
  });
  return applied;
}
