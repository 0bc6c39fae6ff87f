import type { DemoResult } from './demo-result.js';

/** The result as an aligned table for people. */
export function formatResult(result: DemoResult): string {
  const { firestore, signals, editToPeerMs } = result;
  const rows: readonly (readonly [string, string])[] = [
    ['records', String(result.records)],
    ['people', String(result.people)],
    ['converged', result.converged ? 'yes' : 'NO'],
    ['Firestore reads', `${firestore.reads} (and ${firestore.rulesReads} by the security rules)`],
    ['Firestore writes', `${firestore.writes} (and ${firestore.deletes} deletes)`],
    ['signals', `${signals.count}, the largest ${signals.maxBytes} bytes`],
    ['conflicts', String(result.conflicts)],
    ['edit to peer', `p50 ${editToPeerMs.p50} ms, p99 ${editToPeerMs.p99} ms`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(18)}${value}`).join('\n');
}
