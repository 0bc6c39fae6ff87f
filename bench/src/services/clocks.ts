import type { Clock, TimerId } from '@sealsync/sdk';

/** A clock that can be told that time has passed, to rest between two edits without waiting. */
export interface RestingClock extends Clock {
  rest(durationMs: number): void;
}

/** Starts `aheadMs` ahead of this machine's time, or behind where negative. */
export function createRestingClock(aheadMs: number): RestingClock {
  let offsetMs = aheadMs;
  return {
    ...timersAt(1),
    now: () => Date.now() + offsetMs,
    rest: (durationMs) => {
      offsetMs += durationMs;
    },
  };
}

/**
 * A clock that runs `speed` times as fast, timers included, so that a quarter of an hour of two
 * devices takes less than a minute. It starts `aheadMs` ahead of this machine's time.
 */
export function createHastyClock(speed: number, aheadMs: number): Clock {
  const startMs = Date.now();
  return {
    ...timersAt(speed),
    now: () => startMs + aheadMs + (Date.now() - startMs) * speed,
  };
}

const timersAt = (speed: number): Pick<Clock, 'setTimeout' | 'clearTimeout'> => ({
  setTimeout: (run, delayMs) => {
    const timer: unknown = setTimeout(run, delayMs / speed).unref();
    return timer as TimerId;
  },
  clearTimeout: (id) => {
    const timer: unknown = id;
    clearTimeout(timer as NodeJS.Timeout);
  },
});
