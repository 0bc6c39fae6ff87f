import type { BankRow } from './csv/bank-row.js';
import { findDifferences, mergeConflicts } from './compare-views.js';
import { expectSums } from './edits/expect-sums.js';
import type { PlannedEdit } from './edits/planned-edit.js';
import { withEach, type Player } from './people/group.js';
import type { ReportedConflict } from './people/messages.js';

export interface Comparison {
  readonly differences: readonly string[];
  readonly records: number;
  readonly conflicts: readonly ReportedConflict[];
  /** Where the log ends. */
  readonly seq: number;
}

/**
 * Waits until everybody has sent all they did and read all there is, then compares what each
 * process opened for itself with the others', and with what file and edits must give.
 */
export async function compareBudgets(
  people: readonly Player[],
  rows: readonly BankRow[],
  edits: readonly PlannedEdit[],
): Promise<Comparison> {
  const sent = await withEach(people, ({ process }) => process.ask('reach', { seq: 0 }));
  // Nobody has anything left to send, so the log ends where whoever wrote last has read to.
  const seq = Math.max(...sent.map((view) => view.seq));
  const views = await withEach(people, async ({ name, process }) => {
    return { name, view: await process.ask('reach', { seq }) };
  });
  const expected = {
    sums: expectSums(rows, edits),
    records: rows.length + countNames(rows, 'account') + countNames(rows, 'category'),
  };
  return {
    differences: findDifferences(views, expected),
    records: views[0]?.view.records ?? 0,
    conflicts: mergeConflicts(views.map(({ view }) => view)),
    seq,
  };
}

function countNames(rows: readonly BankRow[], column: 'account' | 'category'): number {
  return new Set(rows.map((row) => row[column])).size;
}
