import type { Edit, Op } from '../model/edit.js';

/** An edit by what it says, so that it is found again wherever it went. */
export const signatureOf = (ops: readonly Op[]): string => JSON.stringify(ops.map(describeOp));

function describeOp(op: Op): readonly unknown[] {
  const record = [op.type, op.collection, op.id];
  switch (op.type) {
    case 'put':
      return [...record, Object.entries(op.fields).sort(([a], [b]) => (a < b ? -1 : 1))];
    case 'set':
      return [...record, op.field, op.value];
    case 'increment':
      return [...record, op.field, op.by];
    case 'remove':
      return record;
  }
}

export const keyOf = (uid: string, { ops }: Pick<Edit, 'ops'>): string =>
  `${uid} ${signatureOf(ops)}`;

/** What became of the calls that made edits, as the app knows it. */
export class EditLedger {
  /** By user and what the edit says: a removal may well be made twice. */
  readonly acknowledged: Map<string, number> = new Map();
  /** The process died before the call returned: both outcomes are right. */
  readonly unknown: Map<string, number> = new Map();
  /** The log position that was on the screen when an acknowledged edit was made. */
  readonly bases: Map<string, number> = new Map();

  add(outcome: 'acknowledged' | 'unknown', uid: string, ops: readonly Op[], times = 1): void {
    const key = keyOf(uid, { ops });
    this[outcome].set(key, (this[outcome].get(key) ?? 0) + times);
  }
}
