/**
 * `npm test`: runs every suite that this machine can run, names the others and why, and ends with
 * the runner's own totals. With REQUIRE_ALL=1 a suite that cannot run is a failure. Further
 * arguments go to vitest, for example a part of a file's name.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planSuites } from './test-suites.js';
import { addTotals, formatTotals, NO_TOTALS, readTotals, type TestTotals } from './test-totals.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const reportPathOf = (group: string): string => join(root, `.cache/test-report-${group}.json`);
const totalsPath = join(root, '.cache/test-totals.txt');

async function main(): Promise<number> {
  const { projects, leftOut } = planSuites();
  if (process.env['REQUIRE_ALL'] === '1' && leftOut.length > 0) {
    for (const { suite, sentence } of leftOut) console.error(`Cannot run ${suite}: ${sentence}`);
    return 1;
  }
  mkdirSync(dirname(totalsPath), { recursive: true });
  rmSync(totalsPath, { force: true });
  // The unit tests need the processor, the others mostly wait for emulators: at the same time.
  const groups = groupBy(projects, (project) => (project === 'unit' ? 'unit' : 'services'));
  const runs = [...groups].map(([group, members]) => runGroup(group, members));
  const ended = await Promise.all(runs);
  const exitCode = ended.find((run) => run.exitCode !== 0)?.exitCode ?? 0;
  const totals = addTotals(ended.map((run) => run.totals));
  for (const { suite, sentence } of leftOut) console.log(`Left out: ${suite}. ${sentence}`);
  if (exitCode !== 0 && totals.failed === 0) console.log(`The test runner ended with ${exitCode}.`);
  writeFileSync(totalsPath, `${formatTotals(totals)}\n`);
  console.log(formatTotals(totals));
  const nothingRan = totals.passed + totals.failed === 0;
  return exitCode === 0 && (totals.failed > 0 || nothingRan) ? 1 : exitCode;
}

function groupBy(
  projects: readonly string[],
  groupOf: (project: string) => string,
): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const project of projects) {
    const group = groupOf(project);
    groups.set(group, [...(groups.get(group) ?? []), project]);
  }
  return groups;
}

async function runGroup(
  group: string,
  projects: readonly string[],
): Promise<{ exitCode: number; totals: TestTotals }> {
  const reportPath = reportPathOf(group);
  rmSync(reportPath, { force: true });
  const exitCode = await runVitest(projects, reportPath, process.argv.slice(2));
  const totals = existsSync(reportPath) ? readTotals(readFileSync(reportPath, 'utf8')) : NO_TOTALS;
  return { exitCode, totals };
}

function runVitest(
  projects: readonly string[],
  reportPath: string,
  args: readonly string[],
): Promise<number> {
  const packageJson = createRequire(import.meta.url).resolve('vitest/package.json');
  const vitest = join(dirname(packageJson), 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  // A part of a file's name may be of one group only; that nothing ran at all is looked for later.
  const selected = [...projects.map((project) => `--project=${project}`), '--passWithNoTests'];
  const child = spawn(process.execPath, [vitest, 'run', ...selected, ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}

process.exitCode = await main();
