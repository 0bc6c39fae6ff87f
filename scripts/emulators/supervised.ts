import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { OutputTail } from './output-tail.js';
import { stopOnInterrupt } from './stop-on-interrupt.js';

const supervisorPath = fileURLToPath(new URL('./supervisor.mjs', import.meta.url));
const readyText = 'All emulators ready';
const portTakenText = /port taken|is not open|already in use|EADDRINUSE/i;
const maxOutputChars = 32_768;
const maxStopMs = 20_000;

/** The emulators did not start; the message says why and what to do. */
export class EmulatorStartError extends Error {
  override readonly name = 'EmulatorStartError';
  /** A port was taken between choosing and using it: starting again on others may work. */
  readonly portTaken: boolean;

  constructor(message: string, portTaken = false) {
    super(message);
    this.portTaken = portTaken;
  }
}

export interface SuperviseOptions {
  /** Removed by the supervisor once everything has ended. */
  workDir: string;
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  startTimeoutMs: number;
  signal?: AbortSignal;
}

export interface Supervised {
  stop(): Promise<void>;
}

/** Runs a command under `supervisor.mjs` and resolves once the emulators say that they are ready. */
export async function superviseEmulators(options: SuperviseOptions): Promise<Supervised> {
  const child = spawn(process.execPath, [supervisorPath, options.workDir, ...options.command], {
    env: options.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = new OutputTail(maxOutputChars);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output.add(chunk);
    });
  }
  // Writing to a supervisor that has gone is not news: its exit is.
  child.stdin.on('error', () => undefined);
  // `close` also waits for the last output, which says why a start failed.
  const exited = once(child, 'close');
  const stop = stopOnce(child, exited);
  const unwatch = stopOnInterrupt(stop);
  exited.then(unwatch, unwatch);
  try {
    await waitUntilReady(child, exited, output, options);
  } catch (error) {
    await stop();
    throw error;
  }
  setReferenced(child, false);
  return { stop };
}

async function waitUntilReady(
  child: ChildProcess,
  exited: Promise<unknown>,
  output: OutputTail,
  options: SuperviseOptions,
): Promise<void> {
  const timeout = AbortSignal.timeout(options.startTimeoutMs);
  const signals = options.signal === undefined ? [timeout] : [timeout, options.signal];
  const aborted = AbortSignal.any(signals);
  const ended = new AbortController();
  const until = { signal: AbortSignal.any([aborted, ended.signal]) };
  exited.then(
    () => {
      ended.abort();
    },
    () => {
      ended.abort();
    },
  );
  try {
    while (!output.read().includes(readyText)) {
      if (child.stdout === null) throw new Error('The supervisor has no output.');
      await once(child.stdout, 'data', until);
    }
  } catch {
    options.signal?.throwIfAborted();
    const text = output.read();
    const why = timeout.aborted ? `were not ready in ${options.startTimeoutMs} ms` : 'ended early';
    throw new EmulatorStartError(
      `The emulators ${why}. They said:\n${text}`,
      portTakenText.test(text),
    );
  }
}

/** Nothing of the emulators keeps this process alive, except while their end is awaited. */
function setReferenced(child: ChildProcess, referenced: boolean): void {
  const handles = [child, child.stdin, child.stdout, child.stderr];
  for (const handle of handles) {
    if (!(handle === child || handle instanceof Socket)) continue;
    if (referenced) handle.ref();
    else handle.unref();
  }
}

function stopOnce(child: ChildProcess, exited: Promise<unknown>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    setReferenced(child, true);
    child.stdin?.write('stop\n');
    const timer = setTimeout(() => child.stdin?.destroy(), maxStopMs);
    await exited.finally(() => {
      clearTimeout(timer);
    });
  };
  return () => (stopped ??= stop());
}
