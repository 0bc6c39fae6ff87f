import { describe, expect, it } from 'vitest';
import { findPercentile } from './percentile.js';

describe('percentiles by nearest rank', () => {
  const fifty = Array.from({ length: 50 }, (_, index) => 50 - index);

  it.each([
    [50, 25],
    [99, 50],
    [100, 50],
    [1, 1],
  ])('p%d of 1 to 50 is %d, never a value that was not measured', (percent, value) => {
    expect(findPercentile(fifty, percent)).toBe(value);
  });

  it('does not make up a figure where nothing was measured', () => {
    expect(() => findPercentile([], 50)).toThrow('no values');
  });
});
