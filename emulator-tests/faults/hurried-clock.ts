import type { Clock, TimerId } from '@sealsync/sdk';
import { systemClock } from '../../sdk/src/local/system-clock.js';

/**
 * The machine's time. From `hurry` on its timers take a tenth of theirs, so that a deadline of
 * 30 s takes 3: pauses, polling and heartbeats all keep their proportions.
 */
export class HurriedClock implements Clock {
  #divisor = 1;

  now(): number {
    return systemClock.now();
  }

  setTimeout(run: () => void, delayMs: number): TimerId {
    return systemClock.setTimeout(run, delayMs / this.#divisor);
  }

  clearTimeout(id: TimerId): void {
    systemClock.clearTimeout(id);
  }

  hurry(): void {
    this.#divisor = 10;
  }
}
