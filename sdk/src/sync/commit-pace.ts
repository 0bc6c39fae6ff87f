/** So many commits have to be timed before anything is said of the next one. */
const MIN_SAMPLES = 3;
/** A read takes as long to get there as the answer does to come: that is margin enough. */
const DEVIATIONS = 1;

/** How long commits take, estimated as TCP does its round trips (RFC 6298), but with less margin. */
export class CommitPace {
  #samples = 0;
  #meanMs = 0;
  #deviationMs = 0;

  note(tookMs: number): void {
    // A clock that was set meanwhile tells nothing.
    if (tookMs < 0) return;
    this.#samples += 1;
    if (this.#samples === 1) {
      this.#meanMs = tookMs;
      this.#deviationMs = tookMs / 2;
      return;
    }
    const errorMs = tookMs - this.#meanMs;
    this.#deviationMs += (Math.abs(errorMs) - this.#deviationMs) / 4;
    this.#meanMs += errorMs / 8;
  }

  /** By when most are done, in ms; undefined until enough were timed. */
  get usualMs(): number | undefined {
    if (this.#samples < MIN_SAMPLES) return undefined;
    return this.#meanMs + DEVIATIONS * this.#deviationMs;
  }
}
