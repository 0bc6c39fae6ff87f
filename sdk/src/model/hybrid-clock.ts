import type { Stamp } from './edit.js';

/*
 * Hybrid logical clocks: Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical
 * Clocks" (OPODIS 2014). A stamp is never below one that its author has seen, whatever
 * the machine's own clock says.
 */

export const ZERO_STAMP: Stamp = { wallMs: 0, logical: 0 };

/** No honest clock counts as far within a millisecond; a larger one would leave no room to follow it. */
export const MAX_LOGICAL: number = 2 ** 32 - 1;

/** The stamp of a new edit: after `last`, and at `nowMs` if that is later. */
export function nextStamp(last: Stamp, nowMs: number): Stamp {
  if (nowMs > last.wallMs) return { wallMs: nowMs, logical: 0 };
  return last.logical < MAX_LOGICAL
    ? { wallMs: last.wallMs, logical: last.logical + 1 }
    : { wallMs: last.wallMs + 1, logical: 0 };
}

export function laterStamp(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) >= 0 ? a : b;
}

/** Negative, zero or positive as `a` is before, equal to or after `b`. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.wallMs - b.wallMs || a.logical - b.logical;
}

/** A stamp above its entry's signed time counts as that time, so nobody wins by claiming the future. */
export function capStamp(stamp: Stamp, entryTimeMs: number): Stamp {
  return stamp.wallMs > entryTimeMs ? { wallMs: entryTimeMs, logical: 0 } : stamp;
}
