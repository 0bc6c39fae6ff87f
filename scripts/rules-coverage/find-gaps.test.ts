import { describe, expect, it } from 'vitest';
import { checkCoverage, type CoverageException } from './find-gaps.js';
import type { RuleExpression } from './read-report.js';

function expression(
  text: string,
  counts: Partial<RuleExpression['counts']>,
  children: RuleExpression[] = [],
): RuleExpression {
  const none = { true: 0, false: 0, error: 0, other: 0 };
  return { line: 3, column: 5, text, counts: { ...none, ...counts }, children };
}

function listKinds(...expressions: RuleExpression[]): string[] {
  return checkCoverage(expressions, []).gaps.map(({ text, kind }) => `${text}: ${kind}`);
}

describe('checkCoverage', () => {
  it('lets a condition pass that was seen both ways', () => {
    expect(listKinds(expression('a == b', { true: 1, false: 1 }))).toEqual([]);
  });

  it('names a condition whose refusal, or whose grant, no test has seen', () => {
    expect(listKinds(expression('a == b', { true: 9 }))).toEqual(['a == b: never false']);
    expect(listKinds(expression('a == b', { false: 9 }))).toEqual(['a == b: never true']);
  });

  it('does not take an error for a refusal: the comparison itself could be wrong', () => {
    expect(listKinds(expression('a.n <= 10', { true: 1, error: 5 }))).toEqual([
      'a.n <= 10: never false',
    ]);
    expect(listKinds(expression('a.n', { error: 5 }))).toEqual(['a.n: only errors']);
  });

  it('asks of values and plain paths only that they were evaluated', () => {
    expect(listKinds(expression('a.size()', { other: 1 }))).toEqual([]);
    expect(listKinds(expression('false', { false: 1 }))).toEqual([]);
    expect(listKinds(expression('a.flag', { true: 1 }))).toEqual([]);
  });

  it('finds gaps inside expressions, and names what never ran once', () => {
    const inner = expression('c == d', { true: 1 });
    const dead = expression('e == f', {}, [expression('e', {})]);
    expect(listKinds(expression('x', { true: 1, false: 1 }, [inner, dead]))).toEqual([
      'c == d: never false',
      'e == f: never evaluated',
    ]);
  });

  it('accepts a listed exception of that kind, and names exceptions that nothing needs', () => {
    const exceptions: CoverageException[] = [
      { text: 'a == b', kind: 'never false', reason: 'both come from the same field' },
      { text: 'a == b', kind: 'never true', reason: 'stale' },
    ];
    const check = checkCoverage([expression('a == b', { true: 1 })], exceptions);
    expect(check.gaps).toEqual([]);
    expect(check.unusedExceptions).toEqual([exceptions[1]]);
  });
});
