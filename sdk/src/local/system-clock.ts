import type { Clock, TimerId } from '../ports/clock.js';

/** Timers above it would overflow 32 bits and fire at once, so longer ones fire this early instead. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's own time. Its timers never keep a Node process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(run, delayMs) {
    const handle: unknown = globalThis.setTimeout(run, Math.min(delayMs, MAX_TIMER_MS));
    unrefIfPossible(handle);
    return handle as TimerId;
  },
  clearTimeout(id) {
    const handle: unknown = id;
    globalThis.clearTimeout(handle as Parameters<typeof globalThis.clearTimeout>[0]);
  },
};

/** Node answers with an object that can be unref'ed, browsers with a number. */
function unrefIfPossible(handle: unknown): void {
  if (typeof handle !== 'object' || handle === null) return;
  (handle as { unref?: () => void }).unref?.();
}
