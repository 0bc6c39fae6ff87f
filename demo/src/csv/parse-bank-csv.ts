import {
  accept,
  BANK_COLUMNS,
  refuse,
  type BankColumn,
  type BankRow,
  type Checked,
} from './bank-row.js';
import { isCalendarDate } from './is-calendar-date.js';
import { parseAmountMinor } from './parse-amount.js';
import { splitRecords, type CsvRecord } from './split-records.js';

/** Longer texts are no memo of a bank, and records have to fit into entries of the log. */
const MAX_TEXT_LENGTH = 1_000;

type ColumnOrder = ReadonlyMap<BankColumn, number>;

/** Reads a bank CSV strictly: either every row is right, or the file is refused as a whole. */
export function parseBankCsv(bytes: Uint8Array): Checked<BankRow[]> {
  const records = splitRecords(bytes);
  if (!records.ok) return records;
  const [header, ...body] = records.value;
  if (!header) return refuse(1, `the file is empty; it needs the header ${BANK_COLUMNS.join()}`);
  const order = readHeader(header);
  if (!order.ok) return order;
  if (body.length === 0) return refuse(1, 'there are no rows behind the header');
  const rows: BankRow[] = [];
  for (const record of body) {
    const row = readRow(record, order.value);
    if (!row.ok) return row;
    rows.push(row.value);
  }
  return accept(rows);
}

function readHeader({ fields }: CsvRecord): Checked<ColumnOrder> {
  const missing = BANK_COLUMNS.filter((column) => !fields.includes(column));
  if (missing.length > 0) return refuse(1, `the header lacks ${missing.join(', ')}`);
  if (fields.length > BANK_COLUMNS.length) {
    const expected = BANK_COLUMNS.join();
    return refuse(1, `the header has ${fields.length} columns; it must have just ${expected}`);
  }
  return accept(new Map(BANK_COLUMNS.map((column) => [column, fields.indexOf(column)])));
}

function readRow(record: CsvRecord, order: ColumnOrder): Checked<BankRow> {
  const { fields } = record;
  if (fields.length !== order.size) {
    const blank = fields.length === 1 && fields[0] === '';
    const reason = `it has ${fields.length} columns, the header has ${order.size}`;
    return refuse(record.lineOf(0), blank ? 'the line is blank' : reason);
  }
  const read = (column: BankColumn): string => fields[order.get(column) ?? -1] ?? '';
  const row = {
    date: read('date'),
    account: read('account'),
    payee: read('payee'),
    category: read('category'),
    memo: read('memo'),
    amountText: read('amount'),
  };
  const amountMinor = parseAmountMinor(row.amountText);
  const faults: Partial<Record<BankColumn, string>> = {};
  for (const column of ['account', 'payee', 'category', 'memo'] as const) {
    if (row[column].length > MAX_TEXT_LENGTH) {
      faults[column] = `the ${column} is longer than ${MAX_TEXT_LENGTH} characters`;
    }
  }
  for (const column of ['account', 'category'] as const) {
    if (row[column].trim() === '') faults[column] = `the ${column} is empty`;
  }
  if (!isCalendarDate(row.date)) {
    faults.date = `the date ${quote(row.date)} is no day of the calendar written YYYY-MM-DD`;
  }
  if (amountMinor === undefined) {
    faults.amount =
      `the amount ${quote(row.amountText)} is not a decimal number with at most two decimals, ` +
      'no thousands separator, and at most 9007199254740991 minor units';
  }
  for (const [index, name] of fieldsInOrder(order)) {
    const fault = faults[name];
    if (fault !== undefined) return refuse(record.lineOf(index), fault);
  }
  return amountMinor === undefined
    ? refuse(record.lineOf(0), 'the amount is missing')
    : accept({ ...row, amountMinor });
}

function fieldsInOrder(order: ColumnOrder): [number, BankColumn][] {
  return [...order]
    .map(([name, index]): [number, BankColumn] => [index, name])
    .sort(([a], [b]) => a - b);
}

/** Shown on a terminal: short, and without control characters. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
