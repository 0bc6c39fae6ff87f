declare const timer: unique symbol;
/** A handle that only the clock which made it understands. */
export interface TimerId {
  readonly [timer]: true;
}

/** Time and timers, so that the whole engine can run on virtual time. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as this machine believes; may jump either way. */
  now(): number;
  /** Calls `run` once, `delayMs` from now. A pending timer never keeps a process alive. */
  setTimeout(run: () => void, delayMs: number): TimerId;
  /** Forgets a timer; one that has fired or been cleared is ignored. */
  clearTimeout(id: TimerId): void;
}
