import type { BankRow } from '../csv/bank-row.js';
import type { PlannedEdit } from './planned-edit.js';

/** What two people do at once. */
export interface TwoSidedEdits {
  /** One each, on the same field of the same record, with different values. */
  readonly conflicting: readonly [PlannedEdit, PlannedEdit];
  /** The others of each, which must not conflict. */
  readonly others: readonly [readonly PlannedEdit[], readonly PlannedEdit[]];
}

const EDITS_EACH = 20;
const SHARED_ENVELOPE_EDITS_EACH = 7;

/** Twenty edits for each of two people: many increments of one envelope, and one conflict. */
export function planEdits(rows: readonly BankRow[]): TwoSidedEdits {
  const categories = [...new Set(rows.map(({ category }) => category))];
  const shared = findMostUsed(rows) ?? '';
  return {
    conflicting: [
      { kind: 'note', row: 0, memo: 'Ana: this one was for the flat' },
      { kind: 'note', row: 0, memo: 'Ben: this one was a present' },
    ],
    others: [planSide(rows, categories, shared, 0), planSide(rows, categories, shared, 1)],
  };
}

function planSide(
  rows: readonly BankRow[],
  categories: readonly string[],
  shared: string,
  side: 0 | 1,
): PlannedEdit[] {
  return Array.from({ length: EDITS_EACH - 1 }, (_, index): PlannedEdit => {
    const sign = index % 3 === 2 ? -1 : 1;
    const byMinor = sign * (side === 0 ? 1_000 + index : 250 + 7 * index);
    if (index < SHARED_ENVELOPE_EDITS_EACH) return { kind: 'assign', category: shared, byMinor };
    // Rows by turns, so that no two edits of the two sides meet; row 0 is the conflict's.
    const row = 1 + 2 * (index - SHARED_ENVELOPE_EDITS_EACH) + side;
    const bankRow = rows[row];
    if (!bankRow) {
      return { kind: 'assign', category: categories[index % categories.length] ?? shared, byMinor };
    }
    return planRowEdit(bankRow, row, categories);
  });
}

function planRowEdit(
  { amountMinor, category }: BankRow,
  row: number,
  categories: readonly string[],
): PlannedEdit {
  switch (row % 3) {
    case 0:
      return { kind: 'note', row, memo: 'Checked' };
    case 1:
      return { kind: 'correct', row, amountMinor: amountMinor + (amountMinor > 0 ? -1 : 1) };
    default: {
      const next = (categories.indexOf(category) + 1) % categories.length;
      return { kind: 'move', row, category: categories[next] ?? category };
    }
  }
}

function findMostUsed(rows: readonly BankRow[]): string | undefined {
  const uses = new Map<string, number>();
  for (const { category } of rows) uses.set(category, (uses.get(category) ?? 0) + 1);
  return [...uses].sort(([, a], [, b]) => b - a)[0]?.[0];
}
