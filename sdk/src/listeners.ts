/** Who wants to hear of something. One that fails never keeps the others from hearing. */
export class Listeners<T> {
  readonly #listeners = new Set<{ readonly hear: (news: T) => void }>();
  readonly #overhearing: { readonly hear: (news: T) => void }[] = [];
  readonly #onFailure: (error: unknown) => void;
  readonly #keep: number;
  #unheard: T[] = [];

  /** Up to `keep` news that nobody listened to wait for the first who does. */
  constructor(onFailure: (error: unknown) => void, keep = 0) {
    this.#onFailure = onFailure;
    this.#keep = keep;
  }

  /** The same function added twice is called twice; each call answers with its own removal. */
  add(hear: (news: T) => void): () => void {
    const listener = { hear };
    this.#listeners.add(listener);
    const unheard = this.#unheard;
    this.#unheard = [];
    if (unheard.length > 0) queueMicrotask(() => this.#hand(unheard, listener));
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Hears all news from now on, and leaves those that nobody listened to where they wait. */
  overhear(hear: (news: T) => void): void {
    this.#overhearing.push({ hear });
  }

  /** Those added meanwhile hear of the next news; those removed meanwhile of none. */
  tell(news: T): void {
    if (this.#listeners.size === 0 && this.#unheard.length < this.#keep) this.#unheard.push(news);
    for (const { hear } of this.#overhearing) this.#guard(hear, news);
    for (const listener of [...this.#listeners]) this.#hand([news], listener);
  }

  #hand(all: readonly T[], listener: { readonly hear: (news: T) => void }): void {
    for (const news of all) {
      if (!this.#listeners.has(listener)) return;
      this.#guard(listener.hear, news);
    }
  }

  #guard(hear: (news: T) => void, news: T): void {
    try {
      hear(news);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
