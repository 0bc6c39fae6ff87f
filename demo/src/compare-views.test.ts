import { describe, expect, it } from 'vitest';
import { findDifferences, mergeConflicts } from './compare-views.js';
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

describe('whether two people hold the same budget', () => {
  it('finds nothing to say about the same one', () => {
    expect(findDifferences([view, { ...view }], expected)).toEqual([]);
  });

  it.each<[string, Partial<BudgetView>, RegExp]>([
    ['another digest', { digest: 'd2' }, /digests/],
    ['another position', { seq: 8 }, /read to 9, the other to 8/],
    ['an unsent edit', { pendingEdits: 1 }, /not sent/],
    ['a refused edit', { rejectedEdits: 1 }, /refused/],
    ['a missing record', { records: 2 }, /2 records/],
    ['a cent too much', { sums: [['Food', '-4']] }, /sums/],
    ['a conflict that only one heard of', { conflicts: [] }, /conflicts/],
    ['a security event', { securityEvents: ['fork'] }, /fork/],
  ])('notices %s', (_what, change, said) => {
    const differences = findDifferences([view, { ...view, ...change }], expected);
    expect(differences).toEqual([expect.stringMatching(said)]);
  });

  it('notices sums that are wrong on both sides', () => {
    const wrong = { ...view, sums: [['Food', '-6'] as [string, string]] };
    expect(findDifferences([wrong, wrong], expected)).toHaveLength(2);
  });

  it('counts a conflict once, however many heard of it', () => {
    const other = { ...conflict, seq: 10 };
    const views = [view, { ...view, conflicts: [conflict, other] }];
    expect(mergeConflicts(views)).toEqual([conflict, other]);
  });
});
