/**
 * Keeps the last `maxChars` characters of a child's output. The emulators log what clients send,
 * so their output is held back and shown only when they fail to start.
 */
export class OutputTail {
  readonly #maxChars: number;
  #text = '';

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  add(chunk: string): void {
    this.#text = (this.#text + chunk).slice(-this.#maxChars);
  }

  read(): string {
    return this.#text;
  }
}
