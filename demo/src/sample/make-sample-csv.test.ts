import { describe, expect, it } from 'vitest';
import { parseBankCsv } from '../csv/parse-bank-csv.js';
import { makeSampleCsv } from './make-sample-csv.js';

describe('the sample budget', () => {
  it('is a bank file that the import takes, with several accounts and envelopes', () => {
    const parsed = parseBankCsv(Buffer.from(makeSampleCsv(1)));
    const rows = parsed.ok ? parsed.value : [];
    expect(rows).toHaveLength(300);
    expect(new Set(rows.map(({ account }) => account)).size).toBe(4);
    expect(new Set(rows.map(({ category }) => category)).size).toBe(10);
  });

  it('is the same for the same seed, so that two runs can be compared', () => {
    expect(makeSampleCsv(7)).toBe(makeSampleCsv(7));
    expect(makeSampleCsv(7)).not.toBe(makeSampleCsv(8));
  });
});
