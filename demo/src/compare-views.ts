import type { EnvelopeSums } from './household/sum-envelopes.js';
import type { BudgetView, ReportedConflict } from './people/messages.js';

/** What differs between two people's budgets, or between them and what must be; empty if nothing. */
export function findDifferences(
  [a, b]: readonly [BudgetView, BudgetView],
  expected: { readonly sums: EnvelopeSums; readonly records: number },
): string[] {
  const found: string[] = [];
  const check = (same: boolean, difference: string): void => {
    if (!same) found.push(difference);
  };
  check(a.seq === b.seq, `One person has read to ${a.seq}, the other to ${b.seq}.`);
  check(a.digest === b.digest, 'The digests of the two opened states differ.');
  check(sameJson(conflictKeys(a), conflictKeys(b)), 'The two were told of different conflicts.');
  for (const [name, view] of [
    ['first', a],
    ['second', b],
  ] as const) {
    const { pendingEdits, rejectedEdits, records, securityEvents } = view;
    check(pendingEdits === 0, `The ${name} person has ${pendingEdits} edits that are not sent.`);
    check(rejectedEdits === 0, `The ${name} person had ${rejectedEdits} edits refused.`);
    check(
      records === expected.records,
      `The ${name} person has ${records} records instead of ${expected.records}.`,
    );
    check(
      sameJson(view.sums, expected.sums),
      `The sums of the ${name} person are not those of the file and the edits.`,
    );
    check(
      securityEvents.length === 0,
      `The ${name} person was warned of ${securityEvents.join(', ')}.`,
    );
  }
  return found;
}

/** Every conflict once, however many people were told of it. */
export function mergeConflicts(views: readonly BudgetView[]): ReportedConflict[] {
  const conflicts = views.flatMap((view) => view.conflicts);
  return [...new Map(conflicts.map((conflict) => [keyOf(conflict), conflict])).values()];
}

function conflictKeys(view: BudgetView): string[] {
  return [...new Set(view.conflicts.map(keyOf))].sort();
}

function keyOf({ collection, id, field, seq }: ReportedConflict): string {
  return JSON.stringify([collection, id, field, seq]);
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
