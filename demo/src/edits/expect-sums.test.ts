import { describe, expect, it } from 'vitest';
import { expectSums } from './expect-sums.js';

const rows = [
  { category: 'Food', amountText: '-30.95' },
  { category: 'Food', amountText: '+0.1' },
  { category: 'Rent', amountText: '-2400' },
];

describe('the sums that both people must arrive at', () => {
  it('come from the digits in the file', () => {
    expect(expectSums(rows, [])).toEqual([
      ['Food', '-3085'],
      ['Rent', '-240000'],
    ]);
  });

  it('follow every edit that changes money, and no other', () => {
    const sums = expectSums(rows, [
      { kind: 'note', row: 0, memo: 'x' },
      { kind: 'assign', category: 'Food', byMinor: 500 },
      { kind: 'assign', category: 'Food', byMinor: -20 },
      { kind: 'correct', row: 0, amountMinor: -3094 },
      { kind: 'move', row: 1, category: 'Rent' },
    ]);
    expect(sums).toEqual([
      ['Food', '-2614'],
      ['Rent', '-239990'],
    ]);
  });

  it('stay exact where numbers do not', () => {
    const huge = { category: 'Food', amountText: '90071992547409.91' };
    expect(expectSums([huge, huge, { category: 'Food', amountText: '0.01' }], [])).toEqual([
      ['Food', '18014398509481983'],
    ]);
  });
});
