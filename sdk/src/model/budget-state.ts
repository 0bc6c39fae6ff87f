import { findConflicts, type Conflict } from './conflict.js';
import type { Edit, Stamp } from './edit.js';
import { laterStamp, ZERO_STAMP, capStamp } from './hybrid-clock.js';
import type { DeviceId } from './ids.js';
import { contextOf, type EditOrigin } from './op-context.js';
import { emptyRecord, mergeOp, type RecordState } from './record.js';

type Collection = Map<string, RecordState>;

/**
 * The fold of the log: whoever folds the same entries holds the same state, on any
 * machine, whatever its clock. Owned by one caller, who changes it through
 * {@link foldEdit} alone.
 */
export interface BudgetState {
  readonly collections: Map<string, Collection>;
  /** The highest counter applied per device; a lower one is never applied again. */
  readonly applied: Map<DeviceId, number>;
  /** The latest stamp folded, for the next edit to be after it. */
  latestStamp: Stamp;
}

export interface RecordKey {
  readonly collection: string;
  readonly id: string;
}

export interface FoldEffects {
  /** Whether the edit was new; a repeated one changes nothing. */
  readonly applied: boolean;
  readonly touched: readonly RecordKey[];
  readonly conflicts: readonly Conflict[];
}

const NOTHING: FoldEffects = { applied: false, touched: [], conflicts: [] };

export function emptyBudgetState(): BudgetState {
  return { collections: new Map(), applied: new Map(), latestStamp: ZERO_STAMP };
}

/** To be read only; absent where no op has named it. */
export function findRecord(state: BudgetState, key: RecordKey): RecordState | undefined {
  return state.collections.get(key.collection)?.get(key.id);
}

/**
 * Applies one edit of a verified entry. Edits of a device arrive in the order of their
 * counters. Never throws, so that an edit is applied as a whole or not at all.
 */
export function foldEdit(state: BudgetState, edit: Edit, origin: EditOrigin): FoldEffects {
  if (edit.counter <= (state.applied.get(edit.device) ?? 0)) return NOTHING;
  state.applied.set(edit.device, edit.counter);
  state.latestStamp = laterStamp(state.latestStamp, capStamp(edit.stamp, origin.entryTimeMs));
  const conflicts: Conflict[] = [];
  edit.ops.forEach((op, index) => {
    const by = contextOf(edit, index, origin);
    const record = ownRecord(state, op);
    for (const conflict of findConflicts(record, op, by)) conflicts.push(conflict);
    mergeOp(record, op, by);
  });
  return { applied: true, touched: edit.ops, conflicts };
}

function ownRecord(state: BudgetState, { collection, id }: RecordKey): RecordState {
  const records = collectionOf(state, collection);
  const known = records.get(id);
  if (known) return known;
  const record = emptyRecord();
  records.set(id, record);
  return record;
}

function collectionOf(state: BudgetState, name: string): Collection {
  const existing = state.collections.get(name);
  if (existing) return existing;
  const created: Collection = new Map();
  state.collections.set(name, created);
  return created;
}
