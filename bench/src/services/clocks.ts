import type { Clock, TimerId } from '@sealsync/sdk';

/** A clock that can be told that time has passed, to rest between two edits without waiting. */
export interface RestingClock extends Clock {
  rest(durationMs: number): void;
}

/** Starts `aheadMs` ahead of this machine's time, or behind where negative. */
export function createRestingClock(aheadMs: number): RestingClock {
  let offsetMs = aheadMs;
  return {
    ...timersAt(() => 1),
    now: () => Date.now() + offsetMs,
    rest: (durationMs) => {
      offsetMs += durationMs;
    },
  };
}

/** A clock that is in a hurry, until it is told to keep this machine's pace from then on. */
export interface HastyClock extends Clock {
  calm(): void;
}

/**
 * A clock that runs `speed` times as fast, timers included, so that a quarter of an hour of two
 * devices takes two minutes. It starts `aheadMs` ahead of this machine's time.
 */
export function createHastyClock(speed: number, aheadMs: number): HastyClock {
  let pace = { sinceMs: Date.now(), showedMs: Date.now() + aheadMs, speed };
  const now = (): number => pace.showedMs + (Date.now() - pace.sinceMs) * pace.speed;
  return {
    ...timersAt(() => pace.speed),
    now,
    calm: () => {
      pace = { sinceMs: Date.now(), showedMs: now(), speed: 1 };
    },
  };
}

const timersAt = (speed: () => number): Pick<Clock, 'setTimeout' | 'clearTimeout'> => ({
  setTimeout: (run, delayMs) => {
    const timer: unknown = setTimeout(run, delayMs / speed()).unref();
    return timer as TimerId;
  },
  clearTimeout: (id) => {
    const timer: unknown = id;
    clearTimeout(timer as NodeJS.Timeout);
  },
});
