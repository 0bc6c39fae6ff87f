import type { EnvelopeSums } from './household/sum-envelopes.js';
import type { BudgetView, ReportedConflict } from './people/messages.js';

/** What one person's device holds. */
export interface NamedView {
  readonly name: string;
  readonly view: BudgetView;
}

/** What differs between people's budgets, or between them and what must be; empty if nothing. */
export function findDifferences(
  views: readonly NamedView[],
  expected: { readonly sums: EnvelopeSums; readonly records: number },
): string[] {
  const [first, ...others] = views;
  if (!first) return ['There is nobody to compare.'];
  const found = others.flatMap((other) => compareTwo(first, other));
  for (const { name, view } of views) {
    const { pendingEdits, rejectedEdits, records, securityEvents } = view;
    if (pendingEdits > 0) found.push(`${name} has ${pendingEdits} edits that are not sent.`);
    if (rejectedEdits > 0) found.push(`${name} had ${rejectedEdits} edits refused.`);
    if (records !== expected.records) {
      found.push(`${name} has ${records} records instead of ${expected.records}.`);
    }
    if (!sameJson(view.sums, expected.sums)) {
      found.push(`The sums of ${name} are not those of the file and the edits.`);
    }
    if (securityEvents.length > 0) {
      found.push(`${name} was warned of ${securityEvents.join(', ')}.`);
    }
  }
  return found;
}

function compareTwo(a: NamedView, b: NamedView): string[] {
  const names = `${a.name} and ${b.name}`;
  const found: string[] = [];
  if (a.view.seq !== b.view.seq) {
    found.push(`${a.name} has read to ${a.view.seq}, ${b.name} to ${b.view.seq}.`);
  }
  if (a.view.epoch !== b.view.epoch) found.push(`${names} use keys of different epochs.`);
  if (a.view.digest !== b.view.digest) {
    found.push(`The digests of the states that ${names} opened differ.`);
  }
  if (!sameJson(conflictKeys(a.view), conflictKeys(b.view))) {
    found.push(`${names} were told of different conflicts.`);
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
