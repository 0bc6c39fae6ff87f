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
  /** Expressions evaluated. */
  readonly expressions: number;
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
  const all = (answer.report ?? []).flatMap(flatten);
  const accesses = all.filter((each) => ACCESS.test(textOf(rules, each)));
  return { accesses: countValues(accesses), expressions: countValues(all) };
}

const flatten = (evaluation: Evaluation): readonly Evaluation[] => [
  evaluation,
  ...(evaluation.children ?? []).flatMap(flatten),
];

const textOf = (rules: string, { sourcePosition }: Evaluation): string =>
  rules.slice(sourcePosition.currentOffset ?? 0, (sourcePosition.endOffset ?? 0) + 1);

/** `undefined` marks an evaluation that waited for a document and was made again. */
const countValues = (evaluations: readonly Evaluation[]): number =>
  evaluations
    .flatMap(({ values }) => values ?? [])
    .filter(({ value }) => !('undefined' in value))
    .reduce((sum, { count }) => sum + count, 0);
