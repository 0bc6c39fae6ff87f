import type { Answer, BudgetView } from './people/messages.js';
import type { Removal } from './report/demo-result.js';

/** What one device shows at one moment. */
export interface Sight {
  readonly view: BudgetView;
  /** The note that the edit made after the removal replaces. */
  readonly memo: string;
}

/** What was observed while somebody was removed. */
export interface RemovalEvidence {
  readonly gone: { readonly name: string; readonly role: string };
  readonly removerUid: string;
  /** What their kit told them. */
  readonly end: Answer<'whenRemoved'>;
  readonly before: Sight;
  readonly after: Sight;
  /** What Firestore answered them about the entry that was written after. */
  readonly answer: Answer<'readEntry'>['answer'];
  /** The same once the project's administrator had put them back into the members by force. */
  readonly forcedAnswer: Answer<'readEntry'>['answer'];
  /** How opening the budget failed then; `undefined` if it did not. */
  readonly forcedFailure: string | undefined;
  /** How opening the budget in the same way failed for somebody who stays; `undefined` if not. */
  readonly stayingFailure: string | undefined;
  readonly laterMemo: string;
  /** What that note is for each of the others, and how their budgets differ. */
  readonly othersMemos: readonly string[];
  readonly othersDifferences: readonly string[];
}

export interface RemovalVerdict {
  readonly removal: Removal;
  /** What is not as it has to be, in sentences. */
  readonly differences: readonly string[];
}

/** Whether whoever was removed is out, by everything that was tried. */
export function judgeRemoval(evidence: RemovalEvidence): RemovalVerdict {
  const { gone, end, before, after, answer, forcedAnswer, forcedFailure, laterMemo } = evidence;
  const { name } = gone;
  const differences: string[] = [];
  const check = (holds: boolean, difference: string): boolean => {
    if (!holds) differences.push(difference);
    return holds;
  };
  const removal: Removal = {
    person: name,
    role: gone.role,
    told: check(
      end.kind === 'removed' && end.by === evidence.removerUid,
      `${name} was told "${end.kind}", or that somebody else did it.`,
    ),
    denied: check(
      answer === 'denied',
      `The rules answered "${answer}" when ${name} asked for an entry written after the removal.`,
    ),
    keepsEarlier: check(
      sameJson(before, after) && after.memo !== laterMemo,
      `The device of ${name} does not hold exactly what it held before the removal.`,
    ),
    // Only an entry that was there to be read shows that no key opens it.
    opensLater: !check(
      forcedAnswer === 'found' && forcedFailure === 'key_missing',
      `Without the rules, ${name} got the answer "${forcedAnswer}" and ${forcedFailure ?? 'opened the budget'}.`,
    ),
    othersConverged: check(
      evidence.othersDifferences.length === 0 &&
        evidence.stayingFailure === undefined &&
        evidence.othersMemos.length > 0 &&
        evidence.othersMemos.every((memo) => memo === laterMemo),
      `The others do not all have, or cannot open, what was written after ${name} was removed.`,
    ),
  };
  return { removal, differences: [...evidence.othersDifferences, ...differences] };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
