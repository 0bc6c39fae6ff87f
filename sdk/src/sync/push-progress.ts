import type { EntryBody } from '../model/body.js';
import type { Edit } from '../model/edit.js';
import type { SyncProgress } from './sync-progress.js';

/** Tells how far a long upload has come. One that fits into a commit tells nothing. */
export class PushProgress {
  readonly #tell: (progress: SyncProgress) => void;
  #firstCounter: number | undefined;
  #total = 0;
  #isLong = false;

  constructor(tell: (progress: SyncProgress) => void) {
    this.#tell = tell;
  }

  /** To be called before every commit, and once behind the last one, when nothing is pending. */
  plan(pending: readonly Edit[], bodies: readonly EntryBody[]): void {
    const planned = bodies.reduce((sum, { edits }) => sum + edits.length, 0);
    this.#isLong ||= planned < pending.length;
    const counter = pending[0]?.counter;
    this.#firstCounter ??= counter;
    if (!this.#isLong || this.#firstCounter === undefined) return;
    // The log takes edits in the order of their counters.
    const done = counter === undefined ? this.#total : Math.max(0, counter - this.#firstCounter);
    this.#total = done + pending.length;
    this.#tell({ phase: 'push', done, total: this.#total });
  }
}
