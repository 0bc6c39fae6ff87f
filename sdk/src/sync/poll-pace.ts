import type { Clock } from '../ports/clock.js';
import type { SyncSettings } from './sync-settings.js';

/** For so long after something has happened, more is likely to follow. */
const LIVELY_MS = 3 * 60_000;

/**
 * How long to wait before looking again without being told to. While things happen the
 * interval is short; once nothing does, it doubles with every look up to its limit.
 */
export class PollPace {
  readonly #clock: Clock;
  readonly #settings: SyncSettings;
  #livelyAtMs: number;
  #intervalMs: number;

  constructor(clock: Clock, settings: SyncSettings) {
    this.#clock = clock;
    this.#settings = settings;
    this.#livelyAtMs = clock.now();
    this.#intervalMs = settings.pollIntervalMs;
  }

  /** Somebody edited, or the device woke up. Whether looking became more urgent by that. */
  noticeActivity(): boolean {
    const wasSlow = this.#intervalMs > this.#settings.pollIntervalMs;
    this.#livelyAtMs = this.#clock.now();
    this.#intervalMs = this.#settings.pollIntervalMs;
    return wasSlow;
  }

  /** To be called for every look that the interval caused. */
  noticePoll(): void {
    const quietMs = this.#clock.now() - this.#livelyAtMs;
    // A clock that was set back says nothing of how long it was quiet.
    if (quietMs >= 0 && quietMs < LIVELY_MS) return;
    const { pollIntervalMs, maxPollIntervalMs } = this.#settings;
    const longestMs = Math.max(pollIntervalMs, maxPollIntervalMs);
    this.#intervalMs = Math.min(longestMs, this.#intervalMs * 2);
  }

  intervalMs(isLive: boolean): number {
    return isLive ? this.#settings.safetyPullIntervalMs : this.#intervalMs;
  }
}
