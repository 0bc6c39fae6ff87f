/** `npm run bench`: reads the command line, runs one bench, and prints its figures. */
import { constants } from 'node:os';
import { createProgress, silentProgress } from '../../demo/src/report/progress.js';
import type { BenchContext, BenchResult } from './bench.js';
import { loadBench } from './benches.js';
import { HELP, readCommand, type Command } from './command-line.js';
import { readBaseline, saveBaseline } from './report/baseline.js';
import { formatTable } from './report/format-table.js';

const EXIT_FAILED = 1;
const EXIT_REFUSED = 2;

class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super('The bench was stopped.');
    this.exitCode = 128 + constants.signals[signal];
  }
}

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  if (command.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (command.kind === 'mistake') {
    complain(`${command.mistake} Try --help.`);
    return EXIT_REFUSED;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Interrupted(name)));
  }
  try {
    const result = await runBench(command, stop.signal);
    print(command, result);
    if (command.saveBaseline) saveBaseline(command.bench, result.figures);
    return 0;
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    complain(reason instanceof Error ? reason.message : String(reason));
    return reason instanceof Interrupted ? reason.exitCode : EXIT_FAILED;
  }
}

type Run = Extract<Command, { readonly kind: 'run' }>;

/** Ends what the bench started, also where it failed or was stopped. */
async function runBench(command: Run, signal: AbortSignal): Promise<BenchResult> {
  const closes: (() => Promise<void>)[] = [];
  const progress = command.json
    ? silentProgress
    : createProgress(process.stdout, () => performance.now());
  const { isQuick, withPeers, maxRecords } = command;
  const onClose: BenchContext['onClose'] = (close) => closes.push(close);
  let abandon = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    abandon = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abandon);
  });
  try {
    const bench = await loadBench(command.bench);
    return await Promise.race([
      bench({ progress, signal, isQuick, withPeers, maxRecords, onClose }),
      stopped,
    ]);
  } finally {
    signal.removeEventListener('abort', abandon);
    progress.end();
    for (const close of closes.reverse()) await close().catch(() => undefined);
  }
}

function print({ bench, json, compare }: Run, { figures, notes }: BenchResult): void {
  const table = formatTable(figures, readBaseline(bench));
  if (!json || compare) process.stdout.write(`${table}\n`);
  if (!json) for (const note of notes) process.stdout.write(`  * ${note}\n`);
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function complain(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

// Libraries that are measured keep timers and sockets of their own, which end with the process.
process.exit(await main());
