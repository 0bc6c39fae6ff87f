import { describe, expect, it } from 'vitest';
import { parseBankCsv } from '../csv/parse-bank-csv.js';
import { makeSampleCsv } from '../sample/make-sample-csv.js';
import { planEdits } from './plan-edits.js';
import type { PlannedEdit } from './planned-edit.js';

const parsed = parseBankCsv(Buffer.from(makeSampleCsv(1)));
const sample = parsed.ok ? parsed.value : [];

describe.each([
  ['two on the sample', 2, sample],
  ['seven on the sample', 7, sample],
  ['two on a file of three rows', 2, sample.slice(0, 3)],
  ['three on a file of one row', 3, sample.slice(0, 1)],
])('twenty edits each, by %s', (_what, people, rows) => {
  const names = Array.from({ length: people }, (_, index) => `Person ${index}`);
  const sides = planEdits(rows, names);
  const all = sides.flatMap(({ offline, online }) => [offline, ...online]);
  const rowsOf = (edits: readonly PlannedEdit[]): number[] =>
    edits.flatMap((edit) => (edit.kind === 'assign' ? [] : [edit.row]));

  it('are twenty each, and the first of two people set one field of one record differently', () => {
    expect(all).toHaveLength(20 * people);
    const [a, b] = sides.map(({ offline }) => offline);
    expect([a, b]).toMatchObject([
      { kind: 'note', row: 0 },
      { kind: 'note', row: 0 },
    ]);
    expect(a).not.toEqual(b);
  });

  it('touch every other row once at most, so that there is no second conflict', () => {
    const touched = rowsOf([
      ...sides.flatMap(({ online }) => online),
      ...sides.slice(2).map(({ offline }) => offline),
    ]);
    expect(new Set([0, ...touched]).size).toBe(touched.length + 1);
    expect(touched.every((row) => row < rows.length)).toBe(true);
  });

  it('increment one envelope from every side', () => {
    const envelopesOf = sides.map(
      ({ online }) =>
        new Set(online.flatMap((edit) => (edit.kind === 'assign' ? [edit.category] : []))),
    );
    const [first = new Set<string>()] = envelopesOf;
    const common = [...first].filter((category) => envelopesOf.every((of) => of.has(category)));
    expect(common).not.toEqual([]);
  });
});
