import { describe, expect, it } from 'vitest';
import { addTotals, formatTotals, readTotals } from './test-totals.js';

const clean = {
  numPassedTests: 12,
  numFailedTests: 0,
  numFailedTestSuites: 0,
  numPendingTests: 1,
  numTodoTests: 2,
};

describe('readTotals', () => {
  it('counts what the runner counted', () => {
    const totals = readTotals(
      JSON.stringify({ ...clean, numFailedTests: 3, numFailedTestSuites: 2 }),
    );
    expect(formatTotals(totals)).toBe('12 passed, 3 failed, 3 skipped');
  });

  it('counts a file that broke before its first test as a failure, or it would pass unseen', () => {
    const totals = readTotals(JSON.stringify({ ...clean, numFailedTestSuites: 1 }));
    expect(totals.failed).toBe(1);
  });
});

describe('the totals of several runs', () => {
  it('add up', () => {
    const one = { passed: 5, failed: 1, skipped: 2 };
    expect(addTotals([one, { passed: 1, failed: 0, skipped: 3 }])).toEqual({
      passed: 6,
      failed: 1,
      skipped: 5,
    });
  });
});
