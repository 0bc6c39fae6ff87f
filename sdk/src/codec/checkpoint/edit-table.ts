import type { DeviceId } from '../../model/ids.js';
import type { BudgetState } from '../../model/budget-state.js';
import type { Stamp } from '../../model/edit.js';
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

/** All edits that a state still knows of, in the order of the log. */
export class EditTable {
  readonly rows: readonly EditRow[];
  readonly #rowByKey: ReadonlyMap<string, number>;

  constructor(byKey: ReadonlyMap<string, EditRow>) {
    const sorted = [...byKey].sort(([, a], [, b]) => compareEdits(a, b));
    this.rows = sorted.map(([, row]) => row);
    this.#rowByKey = new Map(sorted.map(([key], at) => [key, at]));
  }

  rowOf(edit: EditKey): number {
    const row = this.#rowByKey.get(keyOf(edit));
    if (row === undefined) throw new Error('an edit was not collected');
    return row;
  }
}

export function collectEdits(state: BudgetState): EditTable {
  const byKey = new Map<string, EditRow>();
  const addContext = (by: OpContext | undefined): void => {
    if (by) addEdit(byKey, by);
  };
  for (const records of state.collections.values()) {
    for (const { put, removed, fields } of records.values()) {
      addContext(put);
      addContext(removed);
      for (const { write, increments } of fields.values()) {
        // Most fields were written by the put itself.
        if (write?.by !== put) addContext(write?.by);
        for (const { device, counter, seq } of increments) {
          const key = keyOf({ device, counter, seq });
          if (!byKey.has(key)) byKey.set(key, { device, counter, seq, written: undefined });
        }
      }
    }
  }
  return new EditTable(byKey);
}

function addEdit(byKey: Map<string, EditRow>, by: OpContext): void {
  const { device, counter, seq, author, stamp, base } = by;
  const key = keyOf(by);
  const known = byKey.get(key)?.written;
  if (!known) {
    byKey.set(key, { device, counter, seq, written: { author, stamp, base } });
    return;
  }
  const isSame =
    known.author === author &&
    known.base === base &&
    known.stamp.wallMs === stamp.wallMs &&
    known.stamp.logical === stamp.logical;
  if (!isSame) throw new TypeError('Two edits share a device and a counter.');
}

const keyOf = ({ device, counter, seq }: EditKey): string =>
  `${String(seq)}/${String(counter)}/${device}`;

const compareEdits = (a: EditKey, b: EditKey): number =>
  a.seq - b.seq || compareText(a.device, b.device) || a.counter - b.counter;
