import type { Edit, Op, Stamp, Value } from '../model/edit.js';
import type { DecodedEntry } from './decode-log.js';

/*
 * The merge as docs/protocol.md defines it, written down as plainly as possible: all ops of a
 * record are collected, and what is visible is worked out at the end. It shares no code with
 * the fold that devices run.
 */

interface PlacedOp {
  readonly op: Op;
  readonly edit: Edit;
  readonly index: number;
  readonly seq: number;
  /** Never later than the time that the entry's author signed. */
  readonly stamp: Stamp;
}

export type VisibleRecords = ReadonlyMap<string, Readonly<Record<string, Value>>>;

/** The edits that count, each with the position of its entry: the first of each counter. */
export function appliedEdits(
  log: readonly DecodedEntry[],
): readonly { readonly edit: Edit; readonly entry: DecodedEntry }[] {
  const highest = new Map<string, number>();
  return log.flatMap((entry) =>
    entry.edits.flatMap((edit) => {
      if (edit.counter <= (highest.get(edit.device) ?? 0)) return [];
      highest.set(edit.device, edit.counter);
      return [{ edit, entry }];
    }),
  );
}

/** What every device has to show once it has read the whole log, by `collection/id`. */
export function foldPlainly(log: readonly DecodedEntry[]): VisibleRecords {
  const byRecord = new Map<string, PlacedOp[]>();
  for (const { edit, entry } of appliedEdits(log)) {
    edit.ops.forEach((op, index) => {
      const key = `${op.collection}/${op.id}`;
      const stamp = notAfter(edit.stamp, entry.t);
      const ops = byRecord.get(key) ?? [];
      ops.push({ op, edit, index, seq: entry.seq, stamp });
      byRecord.set(key, ops);
    });
  }
  const visible = new Map<string, Readonly<Record<string, Value>>>();
  for (const [key, ops] of byRecord) {
    const record = readPlainly(ops);
    if (record) visible.set(key, record);
  }
  return visible;
}

function readPlainly(ops: readonly PlacedOp[]): Record<string, Value> | undefined {
  const lastPut = newest(ops.filter(({ op }) => op.type === 'put'));
  const lastRemoval = newest(ops.filter(({ op }) => op.type === 'remove'));
  if (!lastPut || (lastRemoval && isBefore(lastPut, lastRemoval))) return undefined;
  const names = new Set(
    ops.flatMap(({ op }) => {
      if (op.type === 'put') return Object.keys(op.fields);
      return op.type === 'remove' ? [] : [op.field];
    }),
  );
  const record: Record<string, Value> = {};
  for (const name of names) {
    const value = readField(ops, name);
    if (value !== undefined) record[name] = value;
  }
  return record;
}

function readField(ops: readonly PlacedOp[], name: string): Value | undefined {
  const writes = ops.filter(
    ({ op }) => op.type === 'put' || (op.type === 'set' && op.field === name),
  );
  const deciding = newest(writes);
  const start = deciding && writtenBy(deciding.op, name);
  let sum: Value | undefined = start;
  for (const placed of ops) {
    const { op } = placed;
    if (op.type !== 'increment' || op.field !== name) continue;
    if (deciding && wasSeenBy(placed, deciding)) continue;
    if (sum === undefined) sum = op.by;
    else if (typeof sum === 'number') sum += op.by;
  }
  return sum;
}

function writtenBy(op: Op, name: string): Value | undefined {
  if (op.type === 'set') return op.value;
  return op.type === 'put' ? op.fields[name] : undefined;
}

/** Whether the author of `write` had the increment on the screen: it is in the value then. */
function wasSeenBy(increment: PlacedOp, write: PlacedOp): boolean {
  if (increment.edit.device !== write.edit.device) return increment.seq <= write.edit.base;
  if (increment.edit.counter !== write.edit.counter) {
    return increment.edit.counter < write.edit.counter;
  }
  return increment.index < write.index;
}

function newest(ops: readonly PlacedOp[]): PlacedOp | undefined {
  return ops.reduce<PlacedOp | undefined>(
    (latest, placed) => (latest && !isBefore(latest, placed) ? latest : placed),
    undefined,
  );
}

/** By clock, then by device, then by what the device itself did first. */
function isBefore(a: PlacedOp, b: PlacedOp): boolean {
  if (a.stamp.wallMs !== b.stamp.wallMs) return a.stamp.wallMs < b.stamp.wallMs;
  if (a.stamp.logical !== b.stamp.logical) return a.stamp.logical < b.stamp.logical;
  if (a.edit.device !== b.edit.device) return a.edit.device < b.edit.device;
  if (a.edit.counter !== b.edit.counter) return a.edit.counter < b.edit.counter;
  return a.index < b.index;
}

const notAfter = (stamp: Stamp, entryTimeMs: number): Stamp =>
  stamp.wallMs > entryTimeMs ? { wallMs: entryTimeMs, logical: 0 } : stamp;
