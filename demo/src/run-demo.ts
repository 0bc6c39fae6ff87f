import { randomBytes } from 'node:crypto';
import { compareBudgets, type Comparison } from './compare-budgets.js';
import type { BankRow } from './csv/bank-row.js';
import { planEdits } from './edits/plan-edits.js';
import { measureEdits } from './measure-edits.js';
import type { Meters } from './people/messages.js';
import { PersonProcess } from './people/person-process.js';
import type { DemoResult } from './report/demo-result.js';
import { findPercentile } from './report/percentile.js';
import type { Progress } from './report/progress.js';
import { startServices, type Services } from './start-services.js';

export interface DemoOutcome {
  readonly result: DemoResult;
  /** Why `converged` is false, in sentences; empty where it is true. */
  readonly differences: readonly string[];
}

type People = readonly [ana: PersonProcess, ben: PersonProcess];

/**
 * The whole path on this machine: emulators, signaling server, two people in processes of their
 * own, an import, edits on both sides at once, and edits one by one. Ends all that it started.
 */
export async function runDemo(
  rows: readonly BankRow[],
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Progress },
): Promise<DemoOutcome> {
  const closes: (() => Promise<void>)[] = [];
  try {
    progress.begin('Starting the emulators, the signaling server and two people');
    const people: People = [new PersonProcess('Ana', signal), new PersonProcess('Ben', signal)];
    for (const person of people) closes.push(() => person.close());
    const services = await startServices(signal, (close) => closes.push(close));
    return await playThrough(people, services, rows, progress);
  } finally {
    progress.end();
    for (const close of closes) await close().catch(() => undefined);
  }
}

async function playThrough(
  people: People,
  services: Services,
  rows: readonly BankRow[],
  progress: Progress,
): Promise<DemoOutcome> {
  const [ana, ben] = people;
  await shareBudget(people, services, progress);

  progress.begin('Ana imports the file');
  await ana.ask('importRows', { rows: [...rows] }, (done, total) => progress.advance(done, total));
  progress.begin('Ben has the same budget');
  const imported = await compareBudgets(people, rows, []);

  const { conflicting, others } = planEdits(rows);
  progress.begin('Both edit at once, 20 edits each, starting offline');
  await Promise.all([
    ana.ask('editOffline', { edit: conflicting[0] }),
    ben.ask('editOffline', { edit: conflicting[1] }),
  ]);
  await Promise.all([
    ana.ask('editOnline', { edits: [...others[0]] }),
    ben.ask('editOnline', { edits: [...others[1]] }),
  ]);
  const edits = [...conflicting, ...others.flat()];
  const merged = await compareBudgets(people, rows, edits);
  noteConflicts(merged, progress);
  const firestore = await readFirestore(people, services);

  progress.begin('Ana edits one by one, until Ben sees each');
  const latenciesMs = await measureEdits(people, (done, total) => progress.advance(done, total));
  progress.begin('Comparing once more');
  const final = await compareBudgets(people, rows, edits);
  const found = [imported, merged, final].flatMap((comparison) => comparison.differences);
  const differences = [...new Set(found)];
  const result = {
    records: final.records,
    people: people.length,
    converged: differences.length === 0,
    firestore,
    signals: await readSignals(people),
    conflicts: final.conflicts.length,
    editToPeerMs: {
      p50: roundToTenth(findPercentile(latenciesMs, 50)),
      p99: roundToTenth(findPercentile(latenciesMs, 99)),
    },
  };
  return { result, differences };
}

async function shareBudget(
  [ana, ben]: People,
  { projectId, authUrl, firestore, signalingUrl }: Services,
  progress: Progress,
): Promise<void> {
  progress.begin('Ana and Ben sign in');
  const place = { projectId, authUrl, firestore, signalingUrl };
  const [, { uid }] = await Promise.all([
    ana.ask('signUp', { email: 'ana@example.test', ...place }),
    ben.ask('signUp', { email: 'ben@example.test', ...place }),
  ]);
  await ben.ask('publishIdentity', {});
  progress.begin('Ana creates a budget and adds Ben, who opens it');
  const passphrase = randomBytes(24).toString('base64url');
  const { budgetId } = await ana.ask('createBudget', { passphrase });
  await ana.ask('addMember', { uid });
  await ben.ask('openBudget', { budgetId, passphrase });
}

function noteConflicts({ conflicts }: Comparison, progress: Progress): void {
  for (const { field, winner, loser } of conflicts) {
    const [kept, lost] = [winner.value, loser.value].map((value) => JSON.stringify(value));
    progress.note(
      `  conflict on a ${field}: ${kept ?? 'nothing'} was kept, ${lost ?? 'nothing'} lost`,
    );
  }
}

/** All that Firestore was asked so far, also by the signaling server. */
async function readFirestore(people: People, services: Services): Promise<Meters['firestore']> {
  const meters = await Promise.all(people.map((person) => person.ask('readMeters', {})));
  const add = (name: keyof Meters['firestore']): number =>
    meters.reduce((sum, { firestore }) => sum + firestore[name], 0);
  return {
    reads: add('reads') + services.readMembershipReads(),
    writes: add('writes'),
    deletes: add('deletes'),
    rulesReads: add('rulesReads'),
  };
}

async function readSignals(people: People): Promise<Meters['signals']> {
  const meters = await Promise.all(people.map((person) => person.ask('readMeters', {})));
  return {
    count: meters.reduce((sum, { signals }) => sum + signals.count, 0),
    maxBytes: Math.max(...meters.map(({ signals }) => signals.maxBytes)),
  };
}

const roundToTenth = (value: number): number => Math.round(value * 10) / 10;
