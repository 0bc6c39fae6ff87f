/**
 * `npm run simulate -- [--histories N] [--first-seed N] [--seed N] [--json]`: random histories of
 * several people and devices over networks, servers and disks that fail. Exits 0 if every
 * invariant held in all of them; otherwise prints seed, invariant and the shortest history that
 * shows it. `--seed N` runs one history again and prints what happens in it.
 */
import { parseArgs } from 'node:util';

import { makePlan } from '../sdk/src/simulation/plan.js';
import { runPlan } from '../sdk/src/simulation/run-history.js';
import { loadSodiumForMany } from '../sdk/src/simulation/remember-signatures.js';
import { shrinkPlan } from '../sdk/src/simulation/shrink.js';
import { describeStep } from '../sdk/src/simulation/step.js';
import { FAULTS, type Tally } from '../sdk/src/simulation/tally.js';
import { INVARIANTS, type Violation } from '../sdk/src/simulation/violation.js';
import { runHistories, type HistoryReport } from './simulate/histories.js';

const HELP = `Runs the engine through random histories, on virtual time.

Usage: npm run simulate -- [--histories N] [--first-seed N] [--seed N] [--json]

  --histories N   how many (default 1000)
  --first-seed N  seed of the first; each following one adds 1 (default 1)
  --seed N        run that one again, and print what happens in it
  --json          print only the figures, as one line of JSON
  --help          this text

Exit codes: 0 every invariant held; 1 one did not, or it could not run; 2 wrong usage.`;

interface Command {
  readonly histories: number;
  readonly firstSeed: number;
  readonly seed: number | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

const command = readCommand();
if (!command) process.exitCode = 2;
else if (command.help) console.log(HELP);
else {
  await loadSodiumForMany();
  const { seed } = command;
  process.exitCode = seed === undefined ? await runMany(command) : await replay(seed);
}

/** Undefined after wrong usage, which has been told then. */
function readCommand(): Command | undefined {
  try {
    const { values } = parseArgs({
      options: {
        histories: { type: 'string', default: '1000' },
        'first-seed': { type: 'string', default: '1' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return {
      histories: readCount('histories', values.histories),
      firstSeed: readCount('first-seed', values['first-seed']),
      seed: values.seed === undefined ? undefined : readCount('seed', values.seed),
      json: values.json,
      help: values.help,
    };
  } catch (error) {
    const mistake = error instanceof Error ? error.message : String(error);
    console.error(`simulate: ${mistake.replace(/\.?$/, '.')}\nTry --help.`);
    return undefined;
  }
}

async function runMany({ histories, firstSeed, json }: Command): Promise<number> {
  const startMs = performance.now();
  const { failures, tally, ...ran } = await runHistories(firstSeed, histories, {
    onProgress: (done) => {
      if (done % 500 === 0) console.error(`${String(done)} of ${String(histories)} histories`);
    },
  });
  const msPerHistory = Math.round((performance.now() - startMs) / ran.histories);
  if (json) {
    const counts = Object.fromEntries([...tally.counts].sort());
    console.log(JSON.stringify({ ...ran, msPerHistory, counts, failures: failures.map(brief) }));
  } else {
    printTally(tally);
    console.log(`${String(ran.histories)} histories, ${String(msPerHistory)} ms each.`);
  }
  const [first] = failures;
  if (!first) {
    if (!json) printInvariants();
    return 0;
  }
  for (const { seed, message } of failures)
    console.error(`Seed ${String(seed)}: ${String(message)}`);
  await explain(first.seed);
  return 1;
}

function brief({ seed, invariant }: HistoryReport): object {
  return { seed, invariant };
}

async function replay(seed: number): Promise<number> {
  const { violation, tally } = await runPlan(makePlan(seed));
  printTally(tally);
  if (!violation) {
    console.log(`Seed ${String(seed)}: every invariant holds.`);
    return 0;
  }
  console.error(`Seed ${String(seed)}: ${violation.message}`);
  await shrink(seed, violation);
  return 1;
}

async function explain(seed: number): Promise<void> {
  const { violation } = await runPlan(makePlan(seed));
  if (violation) await shrink(seed, violation);
  else console.error(`Seed ${String(seed)} does not fail when run again: that is a fault as well.`);
}

async function shrink(seed: number, violation: Violation): Promise<void> {
  const { plan, violation: last, runs } = await shrinkPlan(makePlan(seed), violation);
  const { steps, rates, ...rest } = plan;
  const active = Object.entries(rates).filter(([, rate]) => rate > 0);
  console.error(`\nShrunk to ${String(steps.length)} steps in ${String(runs)} runs:`);
  console.error(JSON.stringify({ ...rest, rates: Object.fromEntries(active) }));
  for (const step of steps) console.error(`  ${describeStep(step)}`);
  console.error(`${last.message}\nnpm run simulate -- --seed ${String(seed)} runs it again.`);
}

function printTally(tally: Tally): void {
  for (const fault of FAULTS) console.log(`${fault}: ${String(tally.of(`fault: ${fault}`))}`);
  const rest = [...tally.counts].filter(([what]) => !what.startsWith('fault: ')).sort();
  for (const [what, times] of rest) console.log(`${what}: ${String(times)}`);
}

function printInvariants(): void {
  console.log('Held in all of them:');
  for (const [name, meaning] of Object.entries(INVARIANTS)) console.log(`  ${name}: ${meaning}`);
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`--${name} takes a whole number from 1`);
  return count;
}
