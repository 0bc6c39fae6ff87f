/**
 * Fails when an expression of firestore.rules was never evaluated by the last run of the emulator
 * tests, or a condition was seen with one outcome only, unless
 * firestore.rules.coverage-exceptions.json lists it with a reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkCoverage, type CoverageException } from './rules-coverage/find-gaps.js';
import type { RuleExpression } from './rules-coverage/read-report.js';
import { rulesCoveragePath } from './rules-coverage/save-rules-coverage.js';

const exceptionsPath = fileURLToPath(
  new URL('../firestore.rules.coverage-exceptions.json', import.meta.url),
);

function main(): number {
  if (!existsSync(rulesCoveragePath)) {
    console.error('There is no rule coverage yet: run `npm test` first.');
    return 1;
  }
  const expressions = readJson(rulesCoveragePath) as RuleExpression[];
  const exceptions = existsSync(exceptionsPath)
    ? (readJson(exceptionsPath) as CoverageException[])
    : [];
  const problems = [
    ...(expressions.length === 0 ? ['the emulator reported no expression at all'] : []),
    ...exceptions.filter(({ reason }) => !reason).map(({ text }) => `no reason given for: ${text}`),
  ];
  const { gaps, unusedExceptions } = checkCoverage(expressions, exceptions);
  problems.push(
    ...gaps.map(({ line, column, kind, text }) => `${line}:${column} ${kind}: ${text}`),
    ...unusedExceptions.map(({ kind, text }) => `exception no longer needed (${kind}): ${text}`),
  );
  for (const problem of problems) console.error(`firestore.rules: ${problem}`);
  if (problems.length === 0) console.log('Rule coverage: every expression seen, both ways.');
  return problems.length === 0 ? 0 : 1;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

process.exitCode = main();
