import { encodeCanonical } from '../codec/cbor.js';
import { opToItem } from '../codec/op.js';
import type { Fields, Op, Value } from '../model/edit.js';
import { sameValue } from '../model/same-value.js';
import type { BackedUpRecords } from './backup-content.js';

/** Ops of one edit encode to at most this, unless one alone is larger. */
const MAX_PART_BYTES = 200_000;

type Collections = ReadonlyMap<string, BackedUpRecords>;

export interface RestorePlan {
  /** The ops of one edit each. */
  readonly parts: readonly (readonly Op[])[];
  /** Records that will be written, removed, and left as they are. */
  readonly written: number;
  readonly removed: number;
  readonly unchanged: number;
}

/** What makes `now` hold every record of `wanted` as it is there, and with `replace` no others. */
export function planRestore(wanted: Collections, now: Collections, replace: boolean): RestorePlan {
  const ops: Op[] = [];
  let written = 0;
  let unchanged = 0;
  for (const [collection, records] of wanted) {
    const present = new Map(now.get(collection));
    for (const [id, fields] of records) {
      if (sameValue(present.get(id), fields)) {
        unchanged += 1;
        continue;
      }
      written += 1;
      ops.push(...putOps(collection, id, fields));
    }
  }
  const surplus = replace ? listSurplus(wanted, now) : [];
  return { parts: splitOps([...ops, ...surplus]), written, removed: surplus.length, unchanged };
}

function listSurplus(wanted: Collections, now: Collections): Op[] {
  return [...now].flatMap(([collection, records]) => {
    const kept = new Set(wanted.get(collection)?.map(([id]) => id));
    return records
      .filter(([id]) => !kept.has(id))
      .map(([id]): Op => ({ type: 'remove', collection, id }));
  });
}

/** A record that grew field by field beyond what one edit holds is written the same way. */
function putOps(collection: string, id: string, fields: Fields): Op[] {
  const whole: Op = { type: 'put', collection, id, fields };
  if (sizeOf(whole) <= MAX_PART_BYTES) return [whole];
  const first: [string, Value][] = [];
  const sets: Op[] = [];
  let bytes = 0;
  for (const [field, value] of Object.entries(fields)) {
    const set: Op = { type: 'set', collection, id, field, value };
    bytes += sizeOf(set);
    if (bytes <= MAX_PART_BYTES) first.push([field, value]);
    else sets.push(set);
  }
  return [{ ...whole, fields: Object.fromEntries(first) }, ...sets];
}

function splitOps(ops: readonly Op[]): Op[][] {
  const parts: Op[][] = [];
  let bytes = 0;
  for (const op of ops) {
    const size = sizeOf(op);
    const current = parts.at(-1);
    if (current && bytes + size <= MAX_PART_BYTES) {
      current.push(op);
      bytes += size;
    } else {
      parts.push([op]);
      bytes = size;
    }
  }
  return parts;
}

const sizeOf = (op: Op): number => encodeCanonical(opToItem(op)).length;
