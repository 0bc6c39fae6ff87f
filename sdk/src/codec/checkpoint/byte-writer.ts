/** Bytes written one after the other. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  writeBytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  /** An integer from 0 to 2^53 - 1 in groups of 7 bits, the lowest first (LEB128). */
  writeCount(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0) throw new TypeError('A count is from 0.');
    const bytes: number[] = [];
    let rest = count;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
    this.writeBytes(Uint8Array.from(bytes));
  }

  /** The bytes behind their length. */
  writeBlock(bytes: Uint8Array): void {
    this.writeCount(bytes.length);
    this.writeBytes(bytes);
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}
