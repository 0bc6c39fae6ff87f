import type { BankRow } from '../csv/bank-row.js';
import type { PlannedEdit } from './planned-edit.js';

/** What one person does while others do the same. */
export interface OwnEdits {
  /** Made before anybody else's changes can be seen. */
  readonly offline: PlannedEdit;
  readonly online: readonly PlannedEdit[];
}

export const EDITS_EACH = 20;
const SHARED_ENVELOPE_EDITS_EACH = 7;
/** So many set the same field of the same record differently. */
const IN_CONFLICT = 2;

/**
 * Twenty edits for each of the people: many increments of one envelope, and one conflict
 * between the first two.
 */
export function planEdits(rows: readonly BankRow[], names: readonly string[]): OwnEdits[] {
  const categories = [...new Set(rows.map(({ category }) => category))];
  const shared = findMostUsed(rows) ?? '';
  return names.map((name, side) => {
    const online = planSide(rows, categories, shared, { side, sides: names.length });
    if (side >= IN_CONFLICT) {
      return { offline: { kind: 'assign', category: shared, byMinor: 100 * side }, online };
    }
    const what = side === 0 ? 'was for the flat' : 'was a present';
    return { offline: { kind: 'note', row: 0, memo: `${name}: this one ${what}` }, online };
  });
}

function planSide(
  rows: readonly BankRow[],
  categories: readonly string[],
  shared: string,
  { side, sides }: { readonly side: number; readonly sides: number },
): PlannedEdit[] {
  return Array.from({ length: EDITS_EACH - 1 }, (_, index): PlannedEdit => {
    const sign = index % 3 === 2 ? -1 : 1;
    const byMinor = sign * (side === 0 ? 1_000 + index : 250 * side + 7 * index);
    if (index < SHARED_ENVELOPE_EDITS_EACH) return { kind: 'assign', category: shared, byMinor };
    // Rows by turns, so that no two edits of different sides meet; row 0 is the conflict's.
    const row = 1 + sides * (index - SHARED_ENVELOPE_EDITS_EACH) + side;
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
