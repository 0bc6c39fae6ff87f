import type { DemoResult, Removal } from './demo-result.js';

/** The result as an aligned table for people. */
export function formatResult(result: DemoResult): string {
  const { firestore, signals, editToPeerMs, removed } = result;
  const rows: readonly (readonly [string, string])[] = [
    ['records', String(result.records)],
    ['people', String(result.people)],
    ['converged', result.converged ? 'yes' : 'NO'],
    ['Firestore reads', `${firestore.reads} (and ${firestore.rulesReads} by the security rules) *`],
    ['Firestore writes', `${firestore.writes} (and ${firestore.deletes} deletes) *`],
    ['signals', `${signals.count}, the largest ${signals.maxBytes} bytes *`],
    ['conflicts', String(result.conflicts)],
    ['edit to peer', `p50 ${editToPeerMs.p50} ms, p99 ${editToPeerMs.p99} ms`],
    ...(removed ? [['removed', describeRemoval(removed)] as const] : []),
  ];
  const table = rows.map(([name, value]) => `  ${name.padEnd(18)}${value}`);
  const left = removed ? 'the edits one by one and the removal' : 'the edits one by one';
  return [
    ...table,
    `  * up to the first comparison after all edited at once: without ${left}`,
  ].join('\n');
}

function describeRemoval(removal: Removal): string {
  const { person, role, told, denied, keepsEarlier, opensLater, othersConverged } = removal;
  const facts = [
    told ? 'told' : 'NOT TOLD',
    denied ? 'denied by the rules' : 'NOT DENIED',
    keepsEarlier ? 'keeps what was before' : 'DOES NOT HOLD EXACTLY WHAT WAS BEFORE',
    opensLater ? 'NOT PROVEN TO BE WITHOUT A KEY' : 'no key for what came after',
    othersConverged ? 'the others go on' : 'THE OTHERS DIFFER',
  ];
  return `${person}, ${role}: ${facts.join(', ')}`;
}
