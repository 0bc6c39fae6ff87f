/**
 * Work that brings something up to date: what is requested while it runs is one more run after
 * it, however often that was. Failures are the work's own affair.
 */
export class Latest {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #isDue = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  request(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves once what was requested is done. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      await this.#work().catch(() => undefined);
    }
  }
}
