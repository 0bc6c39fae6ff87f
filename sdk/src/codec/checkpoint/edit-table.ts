import type { BudgetState } from '../../model/budget-state.js';
import type { Stamp } from '../../model/edit.js';
import type { DeviceId } from '../../model/ids.js';
import type { OpContext } from '../../model/op-context.js';
import { compareText } from './text-column.js';

/** What all ops of an edit share. */
export interface EditRow {
  readonly device: DeviceId;
  readonly counter: number;
  readonly seq: number;
  /** Absent where only increments of the edit are left: they keep no more of it. */
  readonly written:
    { readonly author: string; readonly stamp: Stamp; readonly base: number } | undefined;
}

type EditKey = Pick<EditRow, 'device' | 'counter' | 'seq'>;
/** By device and counter, which name an edit for ever. */
type ByName<T> = Map<DeviceId, Map<number, T>>;

/** All edits that a state still knows of, in the order of the log. */
export class EditTable {
  readonly rows: readonly EditRow[];
  readonly #places: ByName<number> = new Map();

  constructor(rows: readonly EditRow[]) {
    this.rows = [...rows].sort(compareEdits);
    this.rows.forEach((row, place) => ofDevice(this.#places, row.device).set(row.counter, place));
  }

  rowOf({ device, counter }: EditKey): number {
    const place = this.#places.get(device)?.get(counter);
    if (place === undefined) throw new Error('an edit was not collected');
    return place;
  }
}

export function collectEdits(state: BudgetState): EditTable {
  const known: ByName<EditRow> = new Map();
  for (const records of state.collections.values()) {
    for (const { put, removed, fields } of records.values()) {
      if (put) addWrite(known, put);
      if (removed) addWrite(known, removed);
      for (const { write, increments } of fields.values()) {
        // Most fields were written by the put itself.
        if (write && write.by !== put) addWrite(known, write.by);
        for (const increment of increments) addIncrement(known, increment);
      }
    }
  }
  return new EditTable([...known.values()].flatMap((edits) => [...edits.values()]));
}

function addWrite(known: ByName<EditRow>, by: OpContext): void {
  const { device, counter, seq, author, stamp, base } = by;
  const edits = ofDevice(known, device);
  const before = edits.get(counter);
  requireSame(before?.seq ?? seq, seq);
  if (!before?.written) {
    edits.set(counter, { device, counter, seq, written: { author, stamp, base } });
    return;
  }
  const { written } = before;
  requireSame(written.author, author);
  requireSame(written.base, base);
  requireSame(written.stamp.wallMs, stamp.wallMs);
  requireSame(written.stamp.logical, stamp.logical);
}

function addIncrement(known: ByName<EditRow>, { device, counter, seq }: EditKey): void {
  const edits = ofDevice(known, device);
  const before = edits.get(counter);
  requireSame(before?.seq ?? seq, seq);
  if (!before) edits.set(counter, { device, counter, seq, written: undefined });
}

function requireSame(before: string | number, now: string | number): void {
  if (before !== now) throw new TypeError('Two edits share a device and a counter.');
}

function ofDevice<T>(map: ByName<T>, device: DeviceId): Map<number, T> {
  const known = map.get(device);
  if (known) return known;
  const created = new Map<number, T>();
  map.set(device, created);
  return created;
}

const compareEdits = (a: EditKey, b: EditKey): number =>
  a.seq - b.seq || compareText(a.device, b.device) || a.counter - b.counter;
