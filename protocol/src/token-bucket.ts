/** How many messages a connection may send for long, per second; a server may allow others. */
export const MESSAGES_PER_SECOND = 20;

/** How many messages a connection may send at once. */
export const MESSAGE_BURST = 40;

/** Lets `burst` through at once and `perSecond` for long; holds two numbers and no timer. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /**
   * Whether one more may pass now, and would leave `spare` for what matters more. A clock that
   * jumps back grants nothing.
   */
  take(nowMs: number, spare = 0): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsedMs * this.#perSecond) / 1000);
    if (this.#tokens < 1 + spare) return false;
    this.#tokens -= 1;
    return true;
  }
}
