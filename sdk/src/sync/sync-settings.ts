import { SealsyncError } from '../errors.js';

/** How often to look without being told, in ms. */
export interface SyncSettings {
  /**
   * Between pulls while no signaling connection is live and something has happened in the last
   * three minutes: an edit of one's own, one of a peer's, a wake-up. 100 ms to a day. Default
   * 30,000.
   */
  readonly pollIntervalMs: number;
  /**
   * What that grows to, doubling with every pull that finds nothing, while nothing happens; at
   * least `pollIntervalMs`, at most a week. Default 300,000, or `pollIntervalMs` if that is more.
   */
  readonly maxPollIntervalMs: number;
  /**
   * Between pulls while a signaling connection is live, in case a signal got lost. 100 ms to a
   * week. Default 300,000.
   */
  readonly safetyPullIntervalMs: number;
  /** The shortest time between two pulls that unproven signals may cause. Default 2,000. */
  readonly hintedPullIntervalMs: number;
  /** The first pause after a failure; it doubles with each. 10 ms to an hour. Default 1,000. */
  readonly firstRetryDelayMs: number;
  /**
   * What that pause never exceeds, whatever failed; at least `firstRetryDelayMs`, at most a day.
   * Default 60,000.
   */
  readonly maxRetryDelayMs: number;
  /**
   * A device that appends takes a snapshot once the log has so many entries behind the last one.
   * Whoever opens the budget anew reads up to so many documents and a few more. Default 120.
   */
  readonly snapshotEveryEntries: number;
}

export const DEFAULT_SYNC_SETTINGS: SyncSettings = {
  pollIntervalMs: 30_000,
  maxPollIntervalMs: 300_000,
  safetyPullIntervalMs: 300_000,
  hintedPullIntervalMs: 2_000,
  firstRetryDelayMs: 1_000,
  maxRetryDelayMs: 60_000,
  snapshotEveryEntries: 120,
};

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Completes what an app has set. Throws `bad_config`. */
export function resolveSyncSettings(settings: Partial<SyncSettings>): SyncSettings {
  // Two of them follow the one that an app is likelier to set.
  const { pollIntervalMs, firstRetryDelayMs } = { ...DEFAULT_SYNC_SETTINGS, ...settings };
  const resolved: SyncSettings = {
    ...DEFAULT_SYNC_SETTINGS,
    maxPollIntervalMs: Math.max(DEFAULT_SYNC_SETTINGS.maxPollIntervalMs, pollIntervalMs),
    maxRetryDelayMs: Math.max(DEFAULT_SYNC_SETTINGS.maxRetryDelayMs, firstRetryDelayMs),
    ...settings,
  };
  requireMs(resolved, 'pollIntervalMs', 100, DAY_MS);
  requireMs(resolved, 'maxPollIntervalMs', pollIntervalMs, 7 * DAY_MS);
  requireMs(resolved, 'safetyPullIntervalMs', 100, 7 * DAY_MS);
  requireMs(resolved, 'hintedPullIntervalMs', 0, HOUR_MS);
  requireMs(resolved, 'firstRetryDelayMs', 10, HOUR_MS);
  requireMs(resolved, 'maxRetryDelayMs', firstRetryDelayMs, DAY_MS);
  const { snapshotEveryEntries } = resolved;
  if (!Number.isSafeInteger(snapshotEveryEntries) || snapshotEveryEntries < 1) {
    throw new SealsyncError('bad_config', 'snapshotEveryEntries is a whole number of entries.');
  }
  return resolved;
}

function requireMs(
  settings: SyncSettings,
  name: Exclude<keyof SyncSettings, 'snapshotEveryEntries'>,
  minMs: number,
  maxMs: number,
): void {
  const value = settings[name];
  if (Number.isFinite(value) && value >= minMs && value <= maxMs) return;
  throw new SealsyncError(
    'bad_config',
    `${name} is a number of ms from ${String(minMs)} to ${String(maxMs)}.`,
  );
}
