/** How often to look without being told, in ms. */
export interface SyncSettings {
  /** Between pulls while no signaling connection is live. Default 30,000. */
  readonly pollIntervalMs: number;
  /** Between pulls while one is, in case a signal got lost. Default 300,000. */
  readonly safetyPullIntervalMs: number;
  /** The shortest time between two pulls that unproven signals may cause. Default 2,000. */
  readonly hintedPullIntervalMs: number;
  /** The first pause after a failure; it doubles with each. Default 1,000. */
  readonly firstRetryDelayMs: number;
  /** What that pause never exceeds. Default 60,000. */
  readonly maxRetryDelayMs: number;
  /**
   * A device that appends takes a snapshot once the log has so many entries behind the last one.
   * Whoever opens the budget anew reads up to so many documents and a few more. Default 120.
   */
  readonly snapshotEveryEntries: number;
}

export const DEFAULT_SYNC_SETTINGS: SyncSettings = {
  pollIntervalMs: 30_000,
  safetyPullIntervalMs: 300_000,
  hintedPullIntervalMs: 2_000,
  firstRetryDelayMs: 1_000,
  maxRetryDelayMs: 60_000,
  snapshotEveryEntries: 120,
};
