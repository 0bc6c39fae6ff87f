import type { BankRow } from './csv/bank-row.js';
import { findDifferences, mergeConflicts } from './compare-views.js';
import { expectSums } from './edits/expect-sums.js';
import type { PlannedEdit } from './edits/planned-edit.js';
import type { ReportedConflict } from './people/messages.js';
import type { PersonProcess } from './people/person-process.js';

export interface Comparison {
  readonly differences: readonly string[];
  readonly records: number;
  readonly conflicts: readonly ReportedConflict[];
}

/**
 * Waits until both people have sent all they did and read all there is, then compares what each
 * process opened for itself with the other's, and with what file and edits must give.
 */
export async function compareBudgets(
  [ana, ben]: readonly [PersonProcess, PersonProcess],
  rows: readonly BankRow[],
  edits: readonly PlannedEdit[],
): Promise<Comparison> {
  const sent = await Promise.all([ana.ask('reach', { seq: 0 }), ben.ask('reach', { seq: 0 })]);
  // Neither has anything left to send, so the log ends where whoever wrote last has read to.
  const end = Math.max(...sent.map(({ seq }) => seq));
  const views = await Promise.all([ana.ask('reach', { seq: end }), ben.ask('reach', { seq: end })]);
  const expected = {
    sums: expectSums(rows, edits),
    records: rows.length + countNames(rows, 'account') + countNames(rows, 'category'),
  };
  return {
    differences: findDifferences(views, expected),
    records: views[0].records,
    conflicts: mergeConflicts(views),
  };
}

function countNames(rows: readonly BankRow[], column: 'account' | 'category'): number {
  return new Set(rows.map((row) => row[column])).size;
}
