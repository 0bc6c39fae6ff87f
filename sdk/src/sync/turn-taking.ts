import type { DeviceId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Random } from '../ports/random.js';

/*
 * Appending is a race for the next position, and a writer on a slow network needs a
 * quiet moment as long as its round trip. So whoever loses tries again at once, and
 * whoever wins waits: longer, the more devices are writing. A writer who loses every
 * race is not to be seen in the log, so a lone one pauses too, now and then, while it
 * writes without a rest. Edits made meanwhile ride in the same entry: nothing but
 * latency is spent.
 */

const RECENT_MS = 2_000;
/** Clocks may differ by as much; the history that a cold start reads is older. */
const MAX_ENTRY_AGE_MS = 60_000;
const TURN_MS = 250;
/** Long enough for a read and an append of a slow network. */
const PAUSE_MS = 1_500;
/** How long one writes without a rest before pausing. */
const STRETCH_MS = 8_000;

export class TurnTaking {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lastSeenMs = new Map<DeviceId, number>();
  #lastTurnMs = Number.NEGATIVE_INFINITY;
  #stretchStartMs = Number.NEGATIVE_INFINITY;
  #waitMs = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** `ageMs` is how long ago its author signed the entry: old ones say nothing of who writes now. */
  sawEntryOf(device: DeviceId, ageMs: number): void {
    if (ageMs <= MAX_ENTRY_AGE_MS) this.#lastSeenMs.set(device, this.#clock.now());
  }

  /** To be called after an append of one's own. */
  tookTurn(): void {
    const now = this.#clock.now();
    for (const [device, seenMs] of this.#lastSeenMs) {
      if (Math.abs(now - seenMs) > RECENT_MS) this.#lastSeenMs.delete(device);
    }
    const others = this.#lastSeenMs.size;
    const turnMs = others === 0 ? 0 : TURN_MS * (others + 1) * (0.5 + this.#random.fraction());
    this.#waitMs = Math.ceil(Math.max(turnMs, this.#pauseMs(now)));
    this.#lastTurnMs = now;
  }

  /** How long the next append has to wait. A clock that jumps never makes it longer. */
  waitMs(): number {
    const passedMs = this.#clock.now() - this.#lastTurnMs;
    return passedMs < 0 ? 0 : Math.max(0, this.#waitMs - passedMs);
  }

  #pauseMs(now: number): number {
    const restedMs = now - this.#lastTurnMs;
    if (restedMs >= PAUSE_MS || restedMs < 0) this.#stretchStartMs = now;
    return now - this.#stretchStartMs >= STRETCH_MS ? PAUSE_MS : 0;
  }
}
