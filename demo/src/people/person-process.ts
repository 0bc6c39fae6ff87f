import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import {
  calls,
  replySchema,
  type Answer,
  type CallName,
  type Request,
  type Taken,
} from './messages.js';

const personPath = fileURLToPath(new URL('./person.ts', import.meta.url));
/** Nothing a person is asked takes nearly as long; without it a lost signal could hang the demo. */
const MAX_CALL_MS = 120_000;
const MAX_END_MS = 3_000;

interface Waiting {
  readonly name: CallName;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/** The demo's end of one person's process. */
export class PersonProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #ended: Error | undefined;

  /** Starts the process; `signal` makes every call reject, `close` ends it. */
  constructor(name: string, signal: AbortSignal) {
    this.name = name;
    this.#signal = signal;
    // Standard output belongs to the result, so whatever a person prints goes to standard error.
    this.#child = fork(personPath, { stdio: ['ignore', 2, 2, 'ipc'] });
    this.#child.on('message', (message) => {
      this.#hear(message);
    });
    this.#child.on('error', (error) => {
      this.#fail(error);
    });
    this.#child.on('exit', (code, by) => {
      this.#fail(new Error(`The process of ${name} ended early (${by ?? code ?? 'unknown'}).`));
    });
  }

  /** Asks for one thing and waits for the answer. */
  async ask<N extends CallName>(
    name: N,
    taken: Taken<N>,
    onProgress: Waiting['onProgress'] = () => undefined,
  ): Promise<Answer<N>> {
    this.#signal.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const call = (this.#calls += 1);
    const deadline = AbortSignal.any([this.#signal, AbortSignal.timeout(MAX_CALL_MS)]);
    let onAbort = (): void => undefined;
    try {
      const answer = await new Promise((resolve, reject) => {
        onAbort = () => {
          reject(this.#signal.aborted ? toError(this.#signal.reason) : this.#tooLate(name));
        };
        deadline.addEventListener('abort', onAbort);
        this.#waiting.set(call, { name, resolve, reject, onProgress });
        const request: Request = { call, name, taken };
        this.#child.send(request, (error) => {
          if (error) reject(error);
        });
      });
      return v.parse(calls[name].answers, answer);
    } finally {
      deadline.removeEventListener('abort', onAbort);
      this.#waiting.delete(call);
    }
  }

  /** Lets the process end by itself, and kills it if it does not. May be called twice. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = once(child, 'exit');
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), MAX_END_MS);
    await exited;
    clearTimeout(timer);
  }

  #hear(message: unknown): void {
    const reply = v.safeParse(replySchema, message);
    if (!reply.success) {
      this.#fail(new Error(`The process of ${this.name} sent something unknown.`));
      return;
    }
    const waiting = this.#waiting.get(reply.output.call);
    if (!waiting) return;
    switch (reply.output.type) {
      case 'progress':
        waiting.onProgress(reply.output.done, reply.output.total);
        break;
      case 'answered':
        waiting.resolve(reply.output.answer);
        break;
      case 'failed':
        waiting.reject(new Error(`${this.name}, ${waiting.name}: ${reply.output.message}`));
    }
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  #tooLate(name: CallName): Error {
    return new Error(`${this.name} did not finish ${name} within ${MAX_CALL_MS / 1000} s.`);
  }
}

const toError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error('The demo was stopped.');
