import { readFile } from 'node:fs/promises';
import { readEmulatorHosts } from '../setup/emulators.js';

/** One place in the rules, with the values that it took, as the emulator reports it. */
interface Evaluation {
  readonly sourcePosition: { readonly currentOffset?: number; readonly endOffset?: number };
  readonly values?: readonly { readonly value: object; readonly count: number }[];
  readonly children?: readonly Evaluation[];
}

export interface RulesTally {
  /** Documents looked at through get, getAfter, exists and existsAfter. */
  readonly accesses: number;
  /** Expressions evaluated, as often as they were. */
  readonly expressions: number;
  /** Evaluations of a whole condition, those included that broke off to wait for a document. */
  readonly started: number;
  /** Those that came to an end: one for each write or read, if every rule is a single one. */
  readonly finished: number;
}

const RULES_FILE = new URL('../../firestore.rules', import.meta.url);
const ACCESS = /^(get|getAfter|exists|existsAfter)\((?!.*\)\.data)/s;

export const readRules = (): Promise<string> => readFile(RULES_FILE, 'utf8');

/** What the emulator has evaluated in a project since its rules were loaded. */
export async function tallyRules(projectId: string): Promise<RulesTally> {
  const { firestoreHost } = readEmulatorHosts();
  const url = `http://${firestoreHost}/emulator/v1/projects/${projectId}:ruleCoverage`;
  const answer = (await (await fetch(url)).json()) as { report?: readonly Evaluation[] };
  const rules = await readRules();
  const { report = [] } = answer;
  const all = report.flatMap(flatten);
  const accesses = all.filter((each) => ACCESS.test(textOf(rules, each)));
  const conditions = report.filter((each) => isCondition(rules, each));
  return {
    accesses: countValues(accesses, isKnown),
    expressions: countValues(all, isKnown),
    started: countValues(conditions, isEvaluated),
    finished: countValues(conditions, isKnown),
  };
}

const flatten = (evaluation: Evaluation): readonly Evaluation[] => [
  evaluation,
  ...(evaluation.children ?? []).flatMap(flatten),
];

const textOf = (rules: string, { sourcePosition }: Evaluation): string =>
  rules.slice(sourcePosition.currentOffset ?? 0, (sourcePosition.endOffset ?? 0) + 1);

const isCondition = (rules: string, { sourcePosition }: Evaluation): boolean =>
  rules.slice(0, sourcePosition.currentOffset ?? 0).endsWith(': if ');

/** No value at all marks what was passed over. */
const isEvaluated = (value: object): boolean => Object.keys(value).length > 0;

/**
 * `undefined` marks an evaluation that waited for a document and was made again. What stood
 * beside it was evaluated each time, and counts each time.
 */
const isKnown = (value: object): boolean => isEvaluated(value) && !('undefined' in value);

const countValues = (
  evaluations: readonly Evaluation[],
  counts: (value: object) => boolean,
): number =>
  evaluations
    .flatMap(({ values }) => values ?? [])
    .filter(({ value }) => counts(value))
    .reduce((sum, { count }) => sum + count, 0);
