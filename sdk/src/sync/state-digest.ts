import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { encodeCanonical, type Item } from '../codec/cbor.js';
import type { BudgetState } from '../model/budget-state.js';
import type { OpContext } from '../model/op-context.js';
import type { FieldState, RecordState } from '../model/record.js';
import type { LogPosition } from './log-position.js';

/**
 * SHA-256 of all that the log up to `position` folds to, people and devices included: what a
 * `state_digest` states and every device that folds the log can compare.
 */
export function digestConfirmed(state: BudgetState, position: LogPosition): Uint8Array {
  const devices = sorted(position.devices).map(([device, { author, name, revoked }]): Item => [
    device,
    author,
    name ?? null,
    revoked === true,
  ]);
  const parts = [hexToBytes(digestState(state)), position.peopleHash, devices];
  return sha256(encodeCanonical(parts));
}

/**
 * SHA-256, in hex, of everything that the fold holds, hidden fields and increments
 * included: two devices that folded the same log have the same digest. Costs little where few
 * records have changed since it was last asked for.
 */
export function digestState(state: BudgetState): string {
  const applied = sorted(state.applied).map(([device, counter]): Item => [device, counter]);
  const records: Uint8Array[] = [];
  for (const [name, collection] of sorted(state.collections)) {
    for (const [id, record] of sorted(collection)) records.push(digestRecord(name, id, record));
  }
  const { wallMs, logical } = state.latestStamp;
  return bytesToHex(sha256(encodeCanonical([applied, wallMs, logical, concatBytes(...records)])));
}

function digestRecord(collection: string, id: string, record: RecordState): Uint8Array {
  record.digest ??= sha256(encodeCanonical([collection, id, ...recordItems(record)]));
  return record.digest;
}

/** Several fields are mostly written by one op, which is told once: its place in a list. */
class OriginList {
  readonly items: Item[] = [];
  readonly #places = new Map<string, number>();
  /** Of the op that was asked for last, since fields of one op follow each other. */
  #last: { readonly by: OpContext; readonly place: number } | undefined;

  placeOf(by: OpContext): number {
    if (this.#last?.by === by) return this.#last.place;
    const name = `${by.device} ${String(by.counter)} ${String(by.index)}`;
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.items.length;
      this.items.push(originItem(by));
      this.#places.set(name, place);
    }
    this.#last = { by, place };
    return place;
  }
}

function recordItems({ put, removed, fields }: RecordState): Item[] {
  const origins = new OriginList();
  const existence = [put, removed].map((by) => (by ? origins.placeOf(by) : null));
  const items = sorted(fields).map(([name, field]): Item => [name, ...fieldItems(field, origins)]);
  return [origins.items, existence, items];
}

function fieldItems({ write, increments }: FieldState, origins: OriginList): Item[] {
  const written = write
    ? [origins.placeOf(write.by), write.value === undefined ? [] : [write.value]]
    : [null, []];
  const added = increments.map(({ device, counter, index, seq, by }): Item => [
    device,
    counter,
    index,
    seq,
    by,
  ]);
  return [...written, added];
}

const originItem = ({ stamp, device, counter, index, author, base, seq }: OpContext): Item => [
  stamp.wallMs,
  stamp.logical,
  device,
  counter,
  index,
  author,
  base,
  seq,
];

const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
