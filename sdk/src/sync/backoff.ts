import type { Random } from '../ports/random.js';

/** Pauses between failed tries: doubling from `firstMs` to `maxMs`, with equal jitter. */
export class Backoff {
  readonly #random: Random;
  readonly #firstMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(random: Random, firstMs: number, maxMs: number) {
    this.#random = random;
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /** `factor` times as long as usual, and no longer than `maxMs` all the same. */
  nextDelayMs(factor = 1): number {
    const ceilingMs = Math.min(this.#maxMs, factor * this.#firstMs * 2 ** this.#failures);
    this.#failures += 1;
    return this.#spread(ceilingMs);
  }

  /** The longest pause there is. */
  longestDelayMs(): number {
    return this.#spread(this.#maxMs);
  }

  reset(): void {
    this.#failures = 0;
  }

  #spread(ceilingMs: number): number {
    return ceilingMs * (0.5 + this.#random.fraction() / 2);
  }
}
