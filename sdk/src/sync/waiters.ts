import type { SealsyncError } from '../errors.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: SealsyncError) => void;
}

/** Callers that wait for the same thing to end. */
export class Waiters {
  #waiting: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Lets everybody go who waits now: with `error`, if there is one. */
  settle(error?: SealsyncError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) {
      if (error) reject(error);
      else resolve();
    }
  }
}
