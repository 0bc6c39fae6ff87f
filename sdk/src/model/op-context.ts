import type { Edit, Stamp } from './edit.js';
import { capStamp, compareStamps } from './hybrid-clock.js';
import type { DeviceId } from './ids.js';

/** What merging needs to know about the origin of one op. */
export interface OpContext {
  /** Already capped at the entry's signed time. */
  readonly stamp: Stamp;
  readonly device: DeviceId;
  readonly counter: number;
  /** Position of the op in its edit. */
  readonly index: number;
  readonly author: string;
  /** The log position that the author had seen. */
  readonly base: number;
  /** The log position of the op itself; {@link PENDING} before it has one. */
  readonly seq: number;
}

/** The position of an edit that is not in the log yet: behind everything that is. */
export const PENDING: number = Number.POSITIVE_INFINITY;

/** Where an edit stands: in a verified entry, or still in the outbox. */
export interface EditOrigin {
  readonly author: string;
  readonly seq: number;
  /** The entry's signed time in ms; {@link PENDING} before it has one. */
  readonly entryTimeMs: number;
}

export function contextOf(edit: Edit, index: number, origin: EditOrigin): OpContext {
  return {
    stamp: capStamp(edit.stamp, origin.entryTimeMs),
    device: edit.device,
    counter: edit.counter,
    index,
    author: origin.author,
    base: edit.base,
    seq: origin.seq,
  };
}

/** Total order of writes: hybrid logical clock, then device, then the device's own order. */
export function compareContexts(a: OpContext, b: OpContext): number {
  return (
    compareStamps(a.stamp, b.stamp) ||
    compareText(a.device, b.device) ||
    a.counter - b.counter ||
    a.index - b.index
  );
}

/** Whether the author of `later` had seen `earlier` when writing. */
export function hadSeen(
  later: OpContext,
  earlier: Omit<OpContext, 'stamp' | 'author' | 'base'>,
): boolean {
  if (earlier.device === later.device) {
    return (earlier.counter - later.counter || earlier.index - later.index) < 0;
  }
  return earlier.seq <= later.base;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
