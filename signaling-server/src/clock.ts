/** Time and timers, so that deadlines can be tested without waiting for them. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `run` once, `delayMs` from now; the function returned calls it off. */
  schedule(run: () => void, delayMs: number): () => void;
}

/** Node fires a longer delay at once instead of late. */
const MAX_TIMER_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock; its timers never keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(run, delayMs) {
    const timer = setTimeout(run, Math.min(delayMs, MAX_TIMER_DELAY_MS)).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
