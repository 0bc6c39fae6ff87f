/** Who wants to hear of something. One that fails never keeps the others from hearing. */
export class Listeners<T> {
  readonly #listeners = new Set<{ readonly hear: (news: T) => void }>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** The same function added twice is called twice; each call answers with its own removal. */
  add(hear: (news: T) => void): () => void {
    const listener = { hear };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Those added meanwhile hear of the next news; those removed meanwhile of none. */
  tell(news: T): void {
    for (const listener of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener.hear(news);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
