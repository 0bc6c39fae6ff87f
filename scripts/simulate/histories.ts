import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Tally } from '../../sdk/src/simulation/tally.js';
import type { Invariant } from '../../sdk/src/simulation/violation.js';

/** What a worker says of one history; seed 0 means that it is ready. */
export interface HistoryReport {
  readonly seed: number;
  readonly counts: readonly (readonly [string, number])[];
  readonly invariant: Invariant | undefined;
  readonly message: string | undefined;
}

export interface Summary {
  readonly histories: number;
  readonly tally: Tally;
  readonly failures: readonly HistoryReport[];
}

/** After so many failures the rest would tell nothing new. */
const MAX_FAILURES = 5;
/** A history takes a tenth of a second; one that takes this long never ends. */
const MAX_HISTORY_MS = 120_000;

/** Runs `histories` seeds from `firstSeed` on, on every core. */
export async function runHistories(
  firstSeed: number,
  histories: number,
  options: {
    readonly maxFailures?: number;
    readonly onProgress?: (done: number) => void;
  } = {},
): Promise<Summary> {
  const { maxFailures = MAX_FAILURES, onProgress } = options;
  const queue = { next: firstSeed, end: firstSeed + histories };
  const tally = new Tally();
  const failures: HistoryReport[] = [];
  let done = 0;
  const hear = (report: HistoryReport): void => {
    done += 1;
    tally.merge(report.counts);
    if (report.invariant) failures.push(report);
    if (failures.length >= maxFailures) queue.next = queue.end;
    onProgress?.(done);
  };
  const workers = Math.min(availableParallelism(), histories);
  await Promise.all(Array.from({ length: workers }, () => runWorker(queue, hear)));
  failures.sort((a, b) => a.seed - b.seed);
  return { histories: done, tally, failures };
}

/** One process at work on the queue, and its successors where it dies of a history. */
async function runWorker(
  queue: { next: number; readonly end: number },
  hear: (report: HistoryReport) => void,
): Promise<void> {
  while (queue.next < queue.end) {
    const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)));
    const fatal = await feed(worker, queue, hear);
    if (fatal) hear(fatal);
  }
}

function feed(
  worker: ChildProcess,
  queue: { next: number; readonly end: number },
  hear: (report: HistoryReport) => void,
): Promise<HistoryReport | undefined> {
  return new Promise((resolve) => {
    let seed = 0;
    const watchdog = setTimeout(() => worker.kill('SIGKILL'), MAX_HISTORY_MS);
    worker.on('message', (report: HistoryReport) => {
      if (report.seed !== 0) hear(report);
      seed = 0;
      watchdog.refresh();
      if (queue.next >= queue.end || (report.invariant && report.counts.length === 0)) {
        worker.kill();
        return;
      }
      seed = queue.next;
      queue.next += 1;
      worker.send(seed);
    });
    worker.on('exit', () => {
      clearTimeout(watchdog);
      if (seed === 0) resolve(undefined);
      const message = 'the history never ended, or ended its process';
      resolve({ seed, counts: [], invariant: 'calls come to an end', message });
    });
  });
}
