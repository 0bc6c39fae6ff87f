import type { Clock, TimerId } from '../ports/clock.js';

/** A device's own clock: off by something, set by its user, and gone with its process. */
export class DeviceClock implements Clock {
  errorMs: number;
  readonly #clock: Clock;
  readonly #timers = new Set<TimerId>();
  #isStopped = false;

  constructor(clock: Clock, errorMs: number) {
    this.#clock = clock;
    this.errorMs = errorMs;
  }

  now(): number {
    return this.#clock.now() + this.errorMs;
  }

  setTimeout(run: () => void, delayMs: number): TimerId {
    const id = this.#clock.setTimeout(() => {
      this.#timers.delete(id);
      run();
    }, delayMs);
    this.#timers.add(id);
    // What the process had begun runs on to its next call, and may not wait for anything there.
    if (this.#isStopped) this.clearTimeout(id);
    return id;
  }

  clearTimeout(id: TimerId): void {
    this.#timers.delete(id);
    this.#clock.clearTimeout(id);
  }

  /** Timers die with the process that set them. */
  stop(): void {
    this.#isStopped = true;
    for (const id of this.#timers) this.#clock.clearTimeout(id);
    this.#timers.clear();
  }
}
