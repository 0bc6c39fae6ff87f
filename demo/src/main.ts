/** `npm run demo`: reads the command line and the file, plays the demo, and prints its result. */
import { constants } from 'node:os';
import { HELP, readCommand } from './command-line.js';
import { loadRows } from './load-rows.js';
import { castPeople } from './people/cast-people.js';
import { formatResult } from './report/format-result.js';
import { createProgress, silentProgress } from './report/progress.js';
import { runDemo } from './run-demo.js';

const EXIT_FAILED = 1;
const EXIT_REFUSED = 2;

class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super('The demo was stopped.');
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
    complain(`${command.mistake}\nTry --help.`);
    return EXIT_REFUSED;
  }
  // Before anything is started: a file is either taken as a whole or leaves no trace.
  const loaded = await loadRows(command.importPath, process.env['INIT_CWD'] ?? process.cwd());
  if (!loaded.ok) {
    complain(loaded.sentence);
    return EXIT_REFUSED;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stop.abort(new Interrupted(name)));
  }
  const progress = command.json
    ? silentProgress
    : createProgress(process.stdout, () => performance.now());
  try {
    const { result, differences } = await runDemo(loaded.rows, {
      people: castPeople(command.people),
      signal: stop.signal,
      progress,
    });
    for (const difference of differences) complain(difference);
    process.stdout.write(`${command.json ? JSON.stringify(result) : formatResult(result)}\n`);
    return result.converged ? 0 : EXIT_FAILED;
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    complain(reason instanceof Error ? reason.message : String(reason));
    return reason instanceof Interrupted ? reason.exitCode : EXIT_FAILED;
  }
}

function complain(text: string): void {
  process.stderr.write(`demo: ${text}\n`);
}

process.exitCode = await main();
