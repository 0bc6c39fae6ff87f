import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readReport, type EmulatorReport } from './read-report.js';

/** Where a run of the emulator tests leaves the rules' coverage for `check-rules-coverage.ts`. */
export const rulesCoveragePath: string = fileURLToPath(
  new URL('../../.cache/rules-coverage.json', import.meta.url),
);

/** Reads the coverage from the running emulator (`host:port`) and stores it as RuleExpression[]. */
export async function saveRulesCoverage(firestoreHost: string, projectId: string): Promise<void> {
  const url = `http://${firestoreHost}/emulator/v1/projects/${projectId}:ruleCoverage`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The emulator gave no rule coverage: ${response.status}.`);
  const report = (await response.json()) as EmulatorReport;
  mkdirSync(dirname(rulesCoveragePath), { recursive: true });
  writeFileSync(rulesCoveragePath, `${JSON.stringify(readReport(report), null, 1)}\n`);
}
