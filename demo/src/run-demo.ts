import { compareBudgets, type Comparison } from './compare-budgets.js';
import type { BankRow } from './csv/bank-row.js';
import { EDITS_EACH, planEdits } from './edits/plan-edits.js';
import type { PlannedEdit } from './edits/planned-edit.js';
import { measureEdits } from './measure-edits.js';
import type { Part } from './people/cast-people.js';
import { listNames, type Group, type Player } from './people/group.js';
import { PersonProcess } from './people/person-process.js';
import { readMeters } from './read-meters.js';
import { removeLast } from './remove-last.js';
import type { DemoResult } from './report/demo-result.js';
import { findPercentile } from './report/percentile.js';
import type { Progress } from './report/progress.js';
import { shareBudget } from './share-budget.js';
import { startServices, type Services } from './start-services.js';

export interface DemoOutcome {
  readonly result: DemoResult;
  /** Why `converged` is false, in sentences; empty where it is true. */
  readonly differences: readonly string[];
}

/** Where somebody is removed, there have to be two who stay. */
const MIN_PEOPLE_TO_REMOVE_ONE = 3;

/**
 * The whole path on this machine: emulators, signaling server, people in processes of their own
 * who let each other in by links, an import, edits of all at once and one by one, and a removal.
 * Ends all that it started.
 */
export async function runDemo(
  rows: readonly BankRow[],
  options: {
    readonly people: readonly Part[];
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<DemoOutcome> {
  const { people, signal, progress } = options;
  const closes: (() => Promise<void>)[] = [];
  try {
    progress.begin(`Starting the emulators, the signaling server and ${people.length} people`);
    const players = people.map((part) => {
      const process = new PersonProcess(part.name, signal);
      closes.push(() => process.close());
      return { ...part, process };
    });
    const services = await startServices(signal, (close) => closes.push(close));
    return await playThrough(players, services, rows, progress);
  } finally {
    progress.end();
    for (const close of closes) await close().catch(() => undefined);
  }
}

async function playThrough(
  players: readonly Player[],
  services: Services,
  rows: readonly BankRow[],
  progress: Progress,
): Promise<DemoOutcome> {
  const { group, differences: unverified } = await shareBudget(players, services, progress);
  const { ana, ben, everybody } = group;

  progress.begin('Ana imports the file');
  await ana.process.ask('importRows', { rows: [...rows] }, (done, total) =>
    progress.advance(done, total),
  );
  const others = everybody.slice(1);
  progress.begin(`${listNames(others)} ${others.length === 1 ? 'has' : 'have'} the same budget`);
  const imported = await compareBudgets(everybody, rows, []);
  const edits = await editAtOnce(group, rows, progress);
  const merged = await compareBudgets(everybody, rows, edits);
  noteConflicts(merged, progress);
  const { firestore, signals } = await readMeters(everybody, services);

  progress.begin(`Ana edits one by one, until ${ben.name} sees each`);
  const latenciesMs = await measureEdits(group, (done, total) => progress.advance(done, total));
  progress.begin('Comparing once more');
  const final = await compareBudgets(everybody, rows, edits);
  const verdict =
    everybody.length >= MIN_PEOPLE_TO_REMOVE_ONE
      ? await removeLast(group, services, { rows, edits }, progress)
      : undefined;

  const compared = [imported, merged, final].flatMap((comparison) => comparison.differences);
  const found = [...unverified, ...compared, ...(verdict?.differences ?? [])];
  const differences = [...new Set(found)];
  const result: DemoResult = {
    records: final.records,
    people: everybody.length,
    converged: differences.length === 0,
    firestore,
    signals,
    conflicts: final.conflicts.length,
    editToPeerMs: {
      p50: roundToTenth(findPercentile(latenciesMs, 50)),
      p99: roundToTenth(findPercentile(latenciesMs, 99)),
    },
    ...(verdict ? { removed: verdict.removal } : {}),
  };
  return { result, differences };
}

/** All who may; answers with what they did. */
async function editAtOnce(
  { everybody }: Group,
  rows: readonly BankRow[],
  progress: Progress,
): Promise<PlannedEdit[]> {
  const editors = everybody.filter(({ role }) => role !== 'viewer');
  const plans = planEdits(
    rows,
    editors.map(({ name }) => name),
  );
  const sides = plans.flatMap((plan, index) => {
    const editor = editors[index];
    return editor ? [{ ...plan, process: editor.process }] : [];
  });
  progress.begin(`${listNames(editors)} edit at once, ${EDITS_EACH} edits each, starting offline`);
  await Promise.all(
    sides.map(({ process, offline }) => process.ask('editOffline', { edit: offline })),
  );
  await Promise.all(
    sides.map(({ process, online }) => process.ask('editOnline', { edits: [...online] })),
  );
  return sides.flatMap(({ offline, online }) => [offline, ...online]);
}

function noteConflicts({ conflicts }: Comparison, progress: Progress): void {
  for (const { field, winner, loser } of conflicts) {
    const [kept, lost] = [winner.value, loser.value].map((value) => JSON.stringify(value));
    progress.note(
      `  conflict on a ${field}: ${kept ?? 'nothing'} was kept, ${lost ?? 'nothing'} lost`,
    );
  }
}

const roundToTenth = (value: number): number => Math.round(value * 10) / 10;
