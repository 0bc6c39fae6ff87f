import { describe, expect, it } from 'vitest';
import { parseBankCsv } from '../csv/parse-bank-csv.js';
import { makeSampleCsv } from '../sample/make-sample-csv.js';
import { planImport } from './plan-import.js';

const parsed = parseBankCsv(Buffer.from(makeSampleCsv(1)));
const rows = parsed.ok ? parsed.value : [];

describe('importing a bank file', () => {
  it('makes one record of every account, every category and every row, identical rows too', () => {
    const [first] = rows;
    const doubled = first ? [...rows, first] : [];
    const records = planImport(doubled).flat();
    const count = (collection: string): number =>
      records.filter((record) => record.collection === collection).length;
    expect([count('accounts'), count('envelopes'), count('transactions')]).toEqual([4, 10, 301]);
    expect(new Set(records.map(({ collection, id }) => `${collection}/${id}`)).size).toBe(315);
  });

  it('shows no name in a record id', () => {
    const ids = planImport(rows)
      .flat()
      .map(({ id }) => id);
    expect(ids.filter((id) => !/^(account|envelope|tx)-\d+$/.test(id))).toEqual([]);
  });

  it('keeps every part small enough for one edit, however long the texts are', () => {
    const long = rows.map((row) => ({ ...row, memo: '\u{1f4b6}'.repeat(500) }));
    const parts = planImport(long);
    const bytes = parts.map((part) => Buffer.byteLength(JSON.stringify(part)));
    expect(Math.max(...bytes)).toBeLessThan(200_000);
    expect(parts.flat()).toHaveLength(314);
  });
});
