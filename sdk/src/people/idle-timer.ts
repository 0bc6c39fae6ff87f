import type { Clock, TimerId } from '../ports/clock.js';

/** Calls once nothing has been heard of the user for a while; off until `start`. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #timer: TimerId | undefined;
  #lastSeenMs = 0;

  constructor(clock: Clock, idleMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Counts from now on. */
  start(): void {
    this.stop();
    this.#lastSeenMs = this.#clock.now();
    this.#timer = this.#clock.setTimeout(() => {
      this.#end();
    }, this.#idleMs);
  }

  /** Counts anew, if it counts at all. */
  touch(): void {
    if (this.#timer === undefined) return;
    // A device that slept stopped its timers too, and its user comes back too late.
    if (this.#clock.now() - this.#lastSeenMs >= this.#idleMs) this.#end();
    else this.start();
  }

  /** May be called twice. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    this.stop();
    this.#onIdle();
  }
}
