import type { Random } from '../ports/random.js';
import { Backoff } from './backoff.js';
import { isEnd, isTransient, type SyncFailure } from './sync-failure.js';
import type { SyncSettings } from './sync-settings.js';

/**
 * What to do about a round that failed:
 * - `give_up`: nothing but a new membership can help.
 * - `halt`: trying again at once cannot help, so it is tried at the longest pause only.
 * - `sit_out`: the project asks for less; not even a wake-up is a reason to ask sooner.
 * - `retry`: a network may be back at any moment.
 *
 * A lost race is none of these: whoever loses one looks and tries again in the same round.
 */
export type Treatment =
  | { readonly kind: 'give_up' }
  | { readonly kind: 'halt' | 'sit_out' | 'retry'; readonly delayMs: number };

/** A quota is not full again in a second. */
const QUOTA_FACTOR = 16;

export class RetryPolicy {
  readonly #backoff: Backoff;

  constructor(random: Random, settings: SyncSettings) {
    this.#backoff = new Backoff(random, settings.firstRetryDelayMs, settings.maxRetryDelayMs);
  }

  treat(failure: SyncFailure): Treatment {
    if (isEnd(failure)) return { kind: 'give_up' };
    if (!isTransient(failure)) return { kind: 'halt', delayMs: this.#backoff.longestDelayMs() };
    return failure.kind === 'quota'
      ? { kind: 'sit_out', delayMs: this.#backoff.nextDelayMs(QUOTA_FACTOR) }
      : { kind: 'retry', delayMs: this.#backoff.nextDelayMs() };
  }

  succeeded(): void {
    this.#backoff.reset();
  }
}
