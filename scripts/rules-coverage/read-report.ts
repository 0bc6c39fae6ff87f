/**
 * The Firestore emulator's report on how often each expression of the rules was evaluated and to
 * what (`/emulator/v1/projects/PROJECT:ruleCoverage`), reduced to counts: the report itself
 * repeats every value seen.
 */
export interface RuleExpression {
  /** From 1. */
  line: number;
  column: number;
  /** As written, white space collapsed. */
  text: string;
  counts: { true: number; false: number; error: number; other: number };
  children: RuleExpression[];
}

export interface EmulatorReport {
  rules: { files: { content: string }[] };
  report?: EmulatorExpression[];
}

interface EmulatorExpression {
  sourcePosition: { line: number; column: number; currentOffset: number; endOffset: number };
  values?: { value: EmulatorValue; count: number }[];
  children?: EmulatorExpression[];
}

/** Empty where `&&` or `||` made evaluating unnecessary; `undefined` where it was an error. */
interface EmulatorValue {
  boolValue?: boolean;
  undefined?: object;
}

export function readReport(report: EmulatorReport): RuleExpression[] {
  const source = report.rules.files.at(0)?.content ?? '';
  return (report.report ?? []).map((expression) => readExpression(expression, source));
}

function readExpression(expression: EmulatorExpression, source: string): RuleExpression {
  const { line, column, currentOffset, endOffset } = expression.sourcePosition;
  const counts = { true: 0, false: 0, error: 0, other: 0 };
  for (const { value, count } of expression.values ?? []) {
    if (Object.keys(value).length === 0) continue;
    counts[nameOutcome(value)] += count;
  }
  return {
    line,
    column,
    text: readText(source, currentOffset, endOffset),
    counts,
    children: (expression.children ?? []).map((child) => readExpression(child, source)),
  };
}

function nameOutcome(value: EmulatorValue): 'true' | 'false' | 'error' | 'other' {
  if (value.undefined !== undefined) return 'error';
  if (value.boolValue === undefined) return 'other';
  return value.boolValue ? 'true' : 'false';
}

/** The end is inclusive and leaves out the brackets that close a call or a list: put them back. */
function readText(source: string, start: number, endInclusive: number): string {
  const text = source.slice(start, endInclusive + 1);
  const closing: string[] = [];
  for (const char of text.replace(/'[^']*'|"[^"]*"/g, '')) {
    if (char === '(') closing.unshift(')');
    else if (char === '[') closing.unshift(']');
    else if (char === closing[0]) closing.shift();
  }
  return `${text}${closing.join('')}`.replace(/\s+/g, ' ').trim();
}
