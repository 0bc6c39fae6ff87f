import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 15;

/** Resolves as soon as `condition` holds; throws, saying what never came, at the deadline. */
export async function until(
  condition: () => boolean,
  what: string,
  deadlineMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endMs) {
      throw new Error(`within ${String(deadlineMs)} ms there never came: ${what}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
