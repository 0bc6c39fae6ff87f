import type { RuleExpression } from './read-report.js';

export type GapKind = 'never evaluated' | 'only errors' | 'never true' | 'never false';

/** An expression of the rules that no test has shown to matter. */
export interface CoverageGap {
  line: number;
  column: number;
  text: string;
  kind: GapKind;
}

/** A gap that is accepted, for the reason given. */
export interface CoverageException {
  text: string;
  kind: GapKind;
  reason: string;
}

export interface CoverageCheck {
  gaps: CoverageGap[];
  /** Exceptions that no gap needed: to be removed. */
  unusedExceptions: CoverageException[];
}

export function checkCoverage(
  expressions: readonly RuleExpression[],
  exceptions: readonly CoverageException[],
): CoverageCheck {
  const gaps = expressions.flatMap(findGaps);
  const matches = (exception: CoverageException, gap: CoverageGap): boolean =>
    exception.text === gap.text && exception.kind === gap.kind;
  return {
    gaps: gaps.filter((gap) => !exceptions.some((exception) => matches(exception, gap))),
    unusedExceptions: exceptions.filter(
      (exception) => !gaps.some((gap) => matches(exception, gap)),
    ),
  };
}

function findGaps(expression: RuleExpression): CoverageGap[] {
  const { line, column, text, children } = expression;
  const kind = nameGap(expression);
  const own = kind === undefined ? [] : [{ line, column, text, kind }];
  // What stands inside an expression that never ran did not run either: said once is enough.
  return kind === 'never evaluated' ? own : [...own, ...children.flatMap(findGaps)];
}

/** A condition has to be seen both ways. A plain path or literal has nothing to decide. */
function nameGap({ text, counts }: RuleExpression): GapKind | undefined {
  const values = counts.true + counts.false + counts.other;
  if (values + counts.error === 0) return 'never evaluated';
  if (values === 0) return 'only errors';
  if (counts.other > 0 || /^[\w.]+$/.test(text)) return undefined;
  if (counts.true === 0) return 'never true';
  return counts.false === 0 ? 'never false' : undefined;
}
