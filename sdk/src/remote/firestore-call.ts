import { setLogLevel } from 'firebase/firestore/lite';
import type { Clock } from '../ports/clock.js';
import type { RemoteError } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import { toRemoteError } from './remote-errors.js';

/** Firestore has no deadline of its own and can wait for an answer for ever. */
export const DEFAULT_DEADLINE_MS = 30_000;

export interface FirestoreCallOptions {
  readonly clock: Clock;
  /** For one operation, however many requests it takes; 30 s unless told. */
  readonly deadlineMs?: number;
}

/** Runs one operation on Firestore; `operation` starts the sentence that an error carries. */
export type FirestoreCall = <T>(
  operation: string,
  run: () => Promise<T>,
  signal?: AbortSignal,
) => Promise<Result<T, RemoteError>>;

/**
 * Ends at the deadline or when the signal aborts, both as `deadline`: Firestore cannot
 * take a request back, so nobody knows then whether a write was applied.
 */
export function createFirestoreCall(options: FirestoreCallOptions): FirestoreCall {
  const { clock, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  // Firestore prints the whole request of a failed commit, frames included.
  setLogLevel('silent');
  return async <T>(operation: string, run: () => Promise<T>, signal?: AbortSignal) => {
    if (signal?.aborted) return err(interruption(operation, 'was cancelled'));
    return new Promise<Result<T, RemoteError>>((resolve) => {
      const finish = (result: Result<T, RemoteError>): void => {
        clock.clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        resolve(result);
      };
      const cancel = (): void => {
        finish(err(interruption(operation, 'was cancelled')));
      };
      const timer = clock.setTimeout(() => {
        finish(err(interruption(operation, 'was not answered in time')));
      }, deadlineMs);
      signal?.addEventListener('abort', cancel);
      void attempt(operation, run).then(finish);
    });
  };
}

const interruption = (operation: string, outcome: string): RemoteError => ({
  kind: 'deadline',
  message: `${operation} ${outcome}`,
});

async function attempt<T>(
  operation: string,
  run: () => Promise<T>,
): Promise<Result<T, RemoteError>> {
  try {
    return ok(await run());
  } catch (thrown) {
    return err(toRemoteError(operation, thrown));
  }
}
