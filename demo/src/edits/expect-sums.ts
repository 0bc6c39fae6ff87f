import type { BankRow } from '../csv/bank-row.js';
import type { EnvelopeSums } from '../household/sum-envelopes.js';
import type { PlannedEdit } from './planned-edit.js';

/**
 * What must lie in each envelope, from the amounts as the file writes them and from the edits
 * that were ordered. Shares no arithmetic with the import and the records: it checks them.
 */
export function expectSums(
  rows: readonly Pick<BankRow, 'category' | 'amountText'>[],
  edits: readonly PlannedEdit[],
): EnvelopeSums {
  const final = rows.map(({ category, amountText }) => {
    return { category, minor: readMinor(amountText) };
  });
  const sums = new Map(final.map(({ category }) => [category, 0n]));
  const add = (category: string, minor: bigint): void => {
    sums.set(category, (sums.get(category) ?? 0n) + minor);
  };
  for (const edit of edits) {
    if (edit.kind === 'assign') add(edit.category, BigInt(edit.byMinor));
    else if (edit.kind !== 'note') {
      const row = final[edit.row];
      if (!row) throw new Error(`An edit was ordered of row ${edit.row}, which is not there.`);
      if (edit.kind === 'move') row.category = edit.category;
      else row.minor = BigInt(edit.amountMinor);
    }
  }
  for (const { category, minor } of final) add(category, minor);
  return [...sums]
    .map(([name, sum]) => [name, sum.toString()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `-30.9` is -3090 hundredths: the whole part and the decimals, each as integers. */
function readMinor(text: string): bigint {
  const [whole = '', decimals = ''] = text.replace(/^[+-]/, '').split('.');
  const tenths = BigInt(decimals.charAt(0) || '0');
  const hundredths = BigInt(decimals.charAt(1) || '0');
  const minor = BigInt(whole) * 100n + tenths * 10n + hundredths;
  return text.startsWith('-') ? -minor : minor;
}
