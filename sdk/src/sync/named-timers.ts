import type { Clock, TimerId } from '../ports/clock.js';

/** At most one pending timer for each purpose. */
export class NamedTimers<Name extends string> {
  readonly #clock: Clock;
  readonly #pending = new Map<Name, TimerId>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces the timer of that name. */
  set(name: Name, delayMs: number, run: () => void): void {
    this.clear(name);
    const timer = this.#clock.setTimeout(() => {
      this.#pending.delete(name);
      run();
    }, delayMs);
    this.#pending.set(name, timer);
  }

  has(name: Name): boolean {
    return this.#pending.has(name);
  }

  clear(name: Name): void {
    const timer = this.#pending.get(name);
    if (timer) this.#clock.clearTimeout(timer);
    this.#pending.delete(name);
  }

  clearAll(): void {
    for (const name of [...this.#pending.keys()]) this.clear(name);
  }
}
