export interface TestTotals {
  passed: number;
  failed: number;
  /** Skipped and to-do tests. */
  skipped: number;
}

interface RunnerReport {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numPendingTests: number;
  numTodoTests: number;
}

/**
 * Totals from the JSON report of vitest. A file that fails before its first test (a broken import)
 * has no failed test: it counts as one failure, so that it cannot pass unseen.
 */
export function readTotals(reportJson: string): TestTotals {
  const report = JSON.parse(reportJson) as RunnerReport;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests || (report.numFailedTestSuites > 0 ? 1 : 0),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

export const NO_TOTALS: TestTotals = { passed: 0, failed: 0, skipped: 0 };

export const addTotals = (all: readonly TestTotals[]): TestTotals =>
  all.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    NO_TOTALS,
  );

export function formatTotals({ passed, failed, skipped }: TestTotals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
