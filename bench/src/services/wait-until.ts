import { setTimeout as sleep } from 'node:timers/promises';

const MAX_WAIT_MS = 600_000;
const LOOK_EVERY_MS = 25;
/** Whatever follows what was waited for is over by then. */
const SETTLING_MS = 500;

/** Looks again and again, until it holds and, half a second later, still does. */
export async function waitUntil(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + MAX_WAIT_MS;
  let sinceMs: number | undefined;
  for (;;) {
    const nowMs = performance.now();
    if (holds()) sinceMs ??= nowMs;
    else sinceMs = undefined;
    if (sinceMs !== undefined && nowMs - sinceMs >= SETTLING_MS) return;
    if (nowMs > deadlineMs) throw new Error('What the bench waits for has not come in 10 minutes.');
    await sleep(LOOK_EVERY_MS);
  }
}
