/** Moments at which a network that was away may be back: online again, visible again, unfrozen. */
export interface Wakeups {
  /** Calls `listener` at each of them, until the returned function is called. */
  onWake(listener: () => void): () => void;
  /**
   * Whether nobody can be looking: nothing is polled then. To be followed by a wake-up once
   * somebody can. Never, where it is left out.
   */
  isHidden?(): boolean;
}
