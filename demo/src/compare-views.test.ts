import { describe, expect, it } from 'vitest';
import { findDifferences, mergeConflicts, type NamedView } from './compare-views.js';
import type { BudgetView, ReportedConflict } from './people/messages.js';

const conflict: ReportedConflict = {
  collection: 'transactions',
  id: 'tx-000000',
  field: 'memo',
  seq: 9,
  winner: { author: 'a', value: 'x' },
  loser: { author: 'b', value: 'y' },
};
const view: BudgetView = {
  seq: 9,
  epoch: 1,
  digest: 'd1',
  pendingEdits: 0,
  rejectedEdits: 0,
  records: 3,
  sums: [['Food', '-5']],
  conflicts: [conflict],
  securityEvents: [],
};
const expected = { records: 3, sums: [['Food', '-5']] as const };

const named = (...views: readonly BudgetView[]): NamedView[] =>
  views.map((each, index) => ({ name: ['Ana', 'Ben', 'Cleo'][index] ?? '', view: each }));

describe('whether people hold the same budget', () => {
  it('finds nothing to say about the same one', () => {
    expect(findDifferences(named(view, { ...view }, { ...view }), expected)).toEqual([]);
  });

  it.each<[string, Partial<BudgetView>, RegExp]>([
    ['another digest', { digest: 'd2' }, /digests .*Ana and Cleo/],
    ['another position', { seq: 8 }, /Ana has read to 9, Cleo to 8/],
    ['another epoch', { epoch: 2 }, /Ana and Cleo .*epochs/],
    ['an unsent edit', { pendingEdits: 1 }, /Cleo .*not sent/],
    ['a refused edit', { rejectedEdits: 1 }, /Cleo .*refused/],
    ['a missing record', { records: 2 }, /Cleo has 2 records/],
    ['a cent too much', { sums: [['Food', '-4']] }, /sums of Cleo/],
    ['a conflict that not all heard of', { conflicts: [] }, /Ana and Cleo .*conflicts/],
    ['a security event', { securityEvents: ['fork'] }, /Cleo .*fork/],
  ])('notices %s, whoever it is', (_what, change, said) => {
    const differences = findDifferences(named(view, view, { ...view, ...change }), expected);
    expect(differences).toEqual([expect.stringMatching(said)]);
  });

  it('notices sums that are wrong for all', () => {
    const wrong = { ...view, sums: [['Food', '-6'] as [string, string]] };
    expect(findDifferences(named(wrong, wrong), expected)).toHaveLength(2);
  });

  it('takes nobody at all for no agreement', () => {
    expect(findDifferences([], expected)).toHaveLength(1);
  });

  it('counts a conflict once, however many heard of it', () => {
    const other = { ...conflict, seq: 10 };
    const views = [view, { ...view, conflicts: [conflict, other] }];
    expect(mergeConflicts(views)).toEqual([conflict, other]);
  });
});
