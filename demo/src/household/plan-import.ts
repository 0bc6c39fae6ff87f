import type { Budget } from '@sealsync/sdk';
import type { BankRow } from '../csv/bank-row.js';
import {
  transactionId,
  type Account,
  type BankTransaction,
  type Envelope,
  type Household,
} from './shapes.js';

export type ImportedRecord =
  | { readonly collection: 'accounts'; readonly id: string; readonly record: Account }
  | { readonly collection: 'envelopes'; readonly id: string; readonly record: Envelope }
  | { readonly collection: 'transactions'; readonly id: string; readonly record: BankTransaction };

/** One edit may encode to 240,000 bytes; a part of the import stays well below. */
const MAX_PART_TEXT_LENGTH = 30_000;
const MAX_PART_RECORDS = 200;

/** Every account, envelope and transaction of the rows, in parts that fit one edit each. */
export function planImport(rows: readonly BankRow[]): ImportedRecord[][] {
  const accounts = numberNames(
    rows.map(({ account }) => account),
    'account',
  );
  const envelopes = numberNames(
    rows.map(({ category }) => category),
    'envelope',
  );
  const records: ImportedRecord[] = [];
  for (const [name, id] of accounts) {
    records.push({ collection: 'accounts', id, record: { name, currency: 'USD' } });
  }
  for (const [name, id] of envelopes) {
    records.push({ collection: 'envelopes', id, record: { name, assignedMinor: 0 } });
  }
  for (const [index, { account, category, date, payee, memo, amountMinor }] of rows.entries()) {
    const accountId = accounts.get(account) ?? '';
    const envelopeId = envelopes.get(category) ?? '';
    const record = { date, accountId, payee, envelopeId, memo, amountMinor };
    records.push({ collection: 'transactions', id: transactionId(index), record });
  }
  return splitIntoParts(records);
}

/** Writes one part: every device sees all of it or nothing. */
export function importPart(
  budget: Budget<Household>,
  part: readonly ImportedRecord[],
): Promise<void> {
  return budget.transact((tx) => {
    for (const item of part) {
      if (item.collection === 'accounts') tx.collection('accounts').put(item.id, item.record);
      else if (item.collection === 'envelopes')
        tx.collection('envelopes').put(item.id, item.record);
      else tx.collection('transactions').put(item.id, item.record);
    }
  });
}

function numberNames(names: readonly string[], prefix: string): Map<string, string> {
  return new Map([...new Set(names)].map((name, index) => [name, `${prefix}-${index + 1}`]));
}

function splitIntoParts(records: readonly ImportedRecord[]): ImportedRecord[][] {
  const parts: ImportedRecord[][] = [];
  let textLength = 0;
  for (const item of records) {
    const length = JSON.stringify(item).length;
    const current = parts.at(-1);
    if (
      current &&
      current.length < MAX_PART_RECORDS &&
      textLength + length <= MAX_PART_TEXT_LENGTH
    ) {
      current.push(item);
      textLength += length;
    } else {
      parts.push([item]);
      textLength = length;
    }
  }
  return parts;
}
