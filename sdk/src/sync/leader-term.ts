import type { LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import type { Random } from '../ports/random.js';
import { err, type Result } from '../result.js';

const LEADER_KEY = 'leader';
const MAX_ATTEMPTS = 8;

/**
 * Several tabs have the same store open, and one of them leads. Whoever begins to lead leaves a
 * mark there, and what only a leader may write is written while the mark is its own: a tab that
 * was frozen while another took over cannot write over what that one wrote.
 */
export class LeaderTerm {
  readonly #store: LocalStore;
  readonly #random: Random;
  readonly #onWritten: () => void;
  #mark: Uint8Array | undefined;

  /** `onWritten` is called after every commit of a leader. */
  constructor(store: LocalStore, random: Random, onWritten: () => void) {
    this.#store = store;
    this.#random = random;
    this.#onWritten = onWritten;
  }

  /** The store for what only leaders write: `conflict` to everybody else. */
  get store(): LocalStore {
    return {
      get: (key) => this.#store.get(key),
      list: (prefix) => this.#store.list(prefix),
      commit: (batch) => this.#commit(batch),
      close: () => this.#store.close(),
    };
  }

  /** From here on this tab may write, and no other one. */
  async begin(): Promise<Result<void, StoreError>> {
    const mark = this.#random.bytes(16);
    for (let attempt = 1; ; attempt += 1) {
      const held = await this.#store.get(LEADER_KEY);
      if (!held.ok) return held;
      const begun = await this.#store.commit({
        expect: new Map([[LEADER_KEY, held.value]]),
        put: new Map([[LEADER_KEY, mark]]),
      });
      if (begun.ok) this.#mark = mark;
      if (begun.ok || begun.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) return begun;
    }
  }

  end(): void {
    this.#mark = undefined;
  }

  async #commit(batch: StoreBatch): Promise<Result<void, StoreError>> {
    const mark = this.#mark;
    if (!mark) return err({ kind: 'conflict', message: 'Another tab leads; ask it to yield.' });
    const expect = new Map(batch.expect);
    expect.set(LEADER_KEY, mark);
    const done = await this.#store.commit({ ...batch, expect });
    if (done.ok) this.#onWritten();
    return done;
  }
}
