export interface Backoff {
  /** From 1: which reconnect this is. */
  readonly attempt: number;
  readonly baseMs: number;
  readonly maxMs: number;
  /** What the server asked for; the jitter comes on top. */
  readonly floorMs: number;
  /** In [0, 1). */
  readonly fraction: number;
}

/** Exponential backoff with full jitter ("Exponential Backoff And Jitter", AWS, 2015). */
export function backoffDelayMs({ attempt, baseMs, maxMs, floorMs, fraction }: Backoff): number {
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return floorMs + fraction * ceilingMs;
}
