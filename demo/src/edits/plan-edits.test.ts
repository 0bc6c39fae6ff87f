import { describe, expect, it } from 'vitest';
import { parseBankCsv } from '../csv/parse-bank-csv.js';
import { makeSampleCsv } from '../sample/make-sample-csv.js';
import { planEdits } from './plan-edits.js';

const parsed = parseBankCsv(Buffer.from(makeSampleCsv(1)));
const sample = parsed.ok ? parsed.value : [];

describe.each([
  ['the sample', sample],
  ['a file of three rows', sample.slice(0, 3)],
  ['a file of one row', sample.slice(0, 1)],
])('twenty edits each on %s', (_what, rows) => {
  const { conflicting, others } = planEdits(rows);
  const rowsOf = (side: 0 | 1): number[] =>
    others[side].flatMap((edit) => (edit.kind === 'assign' ? [] : [edit.row]));

  it('are twenty each, one of which sets the same field of the same record differently', () => {
    expect(others.map((edits) => edits.length + 1)).toEqual([20, 20]);
    const [a, b] = conflicting;
    expect([a.kind, b.kind]).toEqual(['note', 'note']);
    expect(a).not.toEqual(b);
  });

  it('touch every row once at most, so that there is no second conflict', () => {
    const touched = [0, ...rowsOf(0), ...rowsOf(1)];
    expect(new Set(touched).size).toBe(touched.length);
    expect(touched.every((row) => row < rows.length)).toBe(true);
  });

  it('increment one envelope from both sides', () => {
    const envelopesOf = (side: 0 | 1): Set<string> =>
      new Set(others[side].flatMap((edit) => (edit.kind === 'assign' ? [edit.category] : [])));
    const common = [...envelopesOf(0)].filter((category) => envelopesOf(1).has(category));
    expect(common).not.toEqual([]);
  });
});
