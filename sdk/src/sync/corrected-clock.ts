import type { Clock } from '../ports/clock.js';

/** A device's clock, corrected by what the server's was seen to say. Never blocks an edit. */
export class CorrectedClock {
  readonly #clock: Clock;
  #offsetMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return Math.max(0, Math.round(this.#clock.now() + this.#offsetMs));
  }

  /** Adopts the server's time; returns by how many ms the clock was wrong until now. */
  correct(serverMs: number): number {
    const errorMs = serverMs - this.now();
    this.#offsetMs += errorMs;
    return Math.abs(errorMs);
  }
}
