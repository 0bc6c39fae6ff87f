/** How far work has come that takes more than one request. */
export interface SyncProgress {
  /**
   * - `pull`: entries of the log that are read, of those that were there when it began.
   * - `push`: edits that the log has taken, of those that are known to be waiting.
   */
  readonly phase: 'pull' | 'push';
  readonly done: number;
  /** At least `done`; it may grow, since others go on writing. */
  readonly total: number;
}
