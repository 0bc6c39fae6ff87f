import type { Op, Value } from './edit.js';
import { compareContexts, hadSeen, type OpContext } from './op-context.js';
import { sameValue } from './same-value.js';
import { decidingWrite, type RecordState } from './record.js';

/** One side of a conflict. */
export interface ConflictSide {
  /** Firebase uid. */
  readonly author: string;
  /** What that side wrote; `undefined` where it removed the field or the record. */
  readonly value: Value | undefined;
}

/** Two people changed the same register, and neither had seen the other's change. */
export interface Conflict {
  readonly collection: string;
  readonly id: string;
  readonly field: string;
  readonly winner: ConflictSide;
  readonly loser: ConflictSide;
  /** The log position at which the two met. */
  readonly seq: number;
}

/**
 * The conflicts that `op` causes on a record, before it is applied. The log orders
 * all ops, so the later one alone decides: its author had not seen the other write.
 * Equal values are no conflict.
 */
export function findConflicts(record: RecordState, op: Op, by: OpContext): Conflict[] {
  return touchedFields(record, op).flatMap((field) => {
    const other = standingSide(record, field);
    if (!other || other.by.author === by.author || hadSeen(by, other.by)) return [];
    const mine: Side = { value: writtenValue(op, field), by };
    if (sameValue(mine.value, other.value)) return [];
    const [winner, loser] = wins(record, op, by, other) ? [mine, other] : [other, mine];
    const position = { collection: op.collection, id: op.id, field, seq: by.seq };
    return [{ ...position, winner: sideOf(winner), loser: sideOf(loser) }];
  });
}

interface Side {
  readonly value: Value | undefined;
  readonly by: OpContext;
  readonly removes?: boolean;
}

const sideOf = ({ value, by }: Side): ConflictSide => ({ author: by.author, value });

function wins(record: RecordState, op: Op, by: OpContext, other: Side): boolean {
  if (op.type === 'remove') return !record.put || compareContexts(by, record.put) > 0;
  if (op.type === 'set' && other.removes) return false;
  return compareContexts(by, other.by) > 0;
}

function standingSide(record: RecordState, field: string): Side | undefined {
  const { removed } = record;
  const write = decidingWrite(record, field);
  // A removal beats field edits; only a newer `put` brings the record back.
  if (removed && !(record.put && compareContexts(record.put, removed) > 0)) {
    return { value: undefined, by: removed, removes: true };
  }
  return write;
}

function touchedFields(record: RecordState, op: Op): readonly string[] {
  switch (op.type) {
    case 'set':
      return [op.field];
    case 'put':
      return record.put ? [...new Set([...record.fields.keys(), ...Object.keys(op.fields)])] : [];
    case 'remove':
      return record.put ? [...record.fields.keys()] : [];
    case 'increment':
      return [];
  }
}

function writtenValue(op: Op, field: string): Value | undefined {
  if (op.type === 'set') return op.value;
  return op.type === 'put' && Object.hasOwn(op.fields, field) ? op.fields[field] : undefined;
}
