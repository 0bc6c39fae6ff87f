import type { DeviceId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Random } from '../ports/random.js';

/*
 * Appending is a race for the next position, and a writer on a slow network needs a
 * quiet moment as long as its round trip. So whoever loses tries again at once, and
 * whoever wins waits: longer, the more devices are writing. Edits made meanwhile ride
 * in the same entry, so nothing but latency is spent, and only while others write too.
 */

const RECENT_MS = 2_000;
/** Clocks may differ by as much; the history that a cold start reads is older. */
const MAX_ENTRY_AGE_MS = 60_000;
const TURN_MS = 250;

export class TurnTaking {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lastSeenMs = new Map<DeviceId, number>();
  #nextTurnMs = 0;

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
      if (now - seenMs > RECENT_MS) this.#lastSeenMs.delete(device);
    }
    const others = this.#lastSeenMs.size;
    const spread = 0.5 + this.#random.fraction();
    this.#nextTurnMs = others === 0 ? now : now + TURN_MS * (others + 1) * spread;
  }

  /** How long the next append has to wait; 0 unless others were writing just now. */
  waitMs(): number {
    return Math.max(0, this.#nextTurnMs - this.#clock.now());
  }
}
