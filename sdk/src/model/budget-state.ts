import { findConflicts, type Conflict } from './conflict.js';
import type { Edit } from './edit.js';
import { laterStamp, ZERO_STAMP, capStamp } from './hybrid-clock.js';
import type { DeviceId } from './ids.js';
import { contextOf, type EditOrigin } from './op-context.js';
import { applyOp, EMPTY_RECORD, type RecordState } from './record.js';
import type { Stamp } from './edit.js';

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

export function recordOf(state: BudgetState, key: RecordKey): RecordState {
  return state.collections.get(key.collection)?.get(key.id) ?? EMPTY_RECORD;
}

/** Applies one edit of a verified entry. Edits of a device arrive in the order of their counters. */
export function foldEdit(state: BudgetState, edit: Edit, origin: EditOrigin): FoldEffects {
  if (edit.counter <= (state.applied.get(edit.device) ?? 0)) return NOTHING;
  state.applied.set(edit.device, edit.counter);
  state.latestStamp = laterStamp(state.latestStamp, capStamp(edit.stamp, origin.entryTimeMs));
  const conflicts: Conflict[] = [];
  edit.ops.forEach((op, index) => {
    const by = contextOf(edit, index, origin);
    const record = recordOf(state, op);
    conflicts.push(...findConflicts(record, op, by));
    collectionOf(state, op.collection).set(op.id, applyOp(record, op, by));
  });
  return { applied: true, touched: edit.ops, conflicts };
}

function collectionOf(state: BudgetState, name: string): Collection {
  const existing = state.collections.get(name);
  if (existing) return existing;
  const created: Collection = new Map();
  state.collections.set(name, created);
  return created;
}
