import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import type { BudgetState } from '../../model/budget-state.js';
import { type DeviceId, isDeviceId } from '../../model/ids.js';
import { MAX_UID_LENGTH } from '../../model/membership.js';
import { isFieldName, isName } from '../value.js';
import { type ByteReader, refuse } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { EditRow } from './edit-table.js';
import { compareText, readTexts, writeTexts } from './text-column.js';

const DEVICE_BYTES = 16;

/** Everything that a state names many times, so that rows of numbers can stand for it. */
export class Names {
  readonly devices: readonly DeviceId[];
  readonly authors: readonly string[];
  readonly fields: readonly string[];
  readonly #deviceRows: ReadonlyMap<string, number>;
  readonly #authorRows: ReadonlyMap<string, number>;
  readonly #fieldRows: ReadonlyMap<string, number>;

  constructor(devices: readonly DeviceId[], authors: readonly string[], fields: readonly string[]) {
    this.devices = devices;
    this.authors = authors;
    this.fields = fields;
    this.#deviceRows = rowsOf(devices);
    this.#authorRows = rowsOf(authors);
    this.#fieldRows = rowsOf(fields);
  }

  deviceRow(device: DeviceId): number {
    return this.#deviceRows.get(device) ?? missing();
  }

  authorRow(author: string): number {
    return this.#authorRows.get(author) ?? missing();
  }

  fieldRow(field: string): number {
    return this.#fieldRows.get(field) ?? missing();
  }
}

export function collectNames(state: BudgetState, edits: readonly EditRow[]): Names {
  const devices = new Set(state.applied.keys());
  const authors = new Set<string>();
  const fields = new Set<string>();
  for (const { device, written } of edits) {
    devices.add(device);
    if (written) authors.add(written.author);
  }
  for (const records of state.collections.values()) {
    for (const record of records.values()) {
      for (const field of record.fields.keys()) fields.add(field);
    }
  }
  return new Names(
    [...devices].sort(compareText),
    [...authors].sort(compareText),
    [...fields].sort(compareFields),
  );
}

export function writeNames(writer: ByteWriter, { devices, authors, fields }: Names): void {
  writer.writeBlock(concatBytes(...devices.map((device) => hexToBytes(device))));
  writer.writeCount(authors.length);
  writeTexts(writer, authors);
  writer.writeCount(fields.length);
  writeTexts(writer, fields);
}

export function readNames(reader: ByteReader): Names {
  const devices = readDevices(reader.readBlock());
  const authors = readTexts(reader, reader.readLength());
  const fields = readTexts(reader, reader.readLength());
  requireNames(authors, (author) => isName(author, MAX_UID_LENGTH), compareText);
  requireNames(fields, isFieldName, compareFields);
  return new Names(devices, authors, fields);
}

/** All good and in order, so that none is there twice. */
export function requireNames(
  names: readonly string[],
  isGood: (name: string) => boolean,
  compare: (a: string, b: string) => number,
): void {
  names.forEach((name, row) => {
    const before = names[row - 1];
    if (!isGood(name)) refuse('a bad name');
    if (before !== undefined && compare(before, name) >= 0) refuse('names out of order');
  });
}

function readDevices(bytes: Uint8Array): DeviceId[] {
  const devices: DeviceId[] = [];
  for (let at = 0; at < bytes.length; at += DEVICE_BYTES) {
    const device = bytesToHex(bytes.subarray(at, at + DEVICE_BYTES));
    devices.push(isDeviceId(device) ? device : refuse('a bad device'));
  }
  requireNames(devices, isDeviceId, compareText);
  return devices;
}

/** Nearly as deterministic CBOR orders keys: records then list their fields as a fold does. */
const compareFields = (a: string, b: string): number => a.length - b.length || compareText(a, b);

const rowsOf = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, row) => [name, row]));

function missing(): never {
  throw new Error('a name was not collected');
}
