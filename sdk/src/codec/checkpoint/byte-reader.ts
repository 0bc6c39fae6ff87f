/** What a {@link ByteReader} and those who read with it throw; caught where decoding starts. */
export class MalformedBytes extends Error {}

/** Throws {@link MalformedBytes}: a parser this deep would be all `if (!x.ok) return x` otherwise. */
export function refuse(what: string): never {
  throw new MalformedBytes(what);
}

/** Reads what a `ByteWriter` wrote; nothing is allocated for bytes that are not there. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view. */
  readBytes(length: number): Uint8Array {
    if (length > this.remaining) refuse('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  readCount(): number {
    let count = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const [byte = 0] = this.readBytes(1);
      count += (byte & 0x7f) * unit;
      if (!Number.isSafeInteger(count)) refuse('a number is too large');
      if (byte < 0x80) return count;
      if (unit > Number.MAX_SAFE_INTEGER) refuse('a number is too long');
    }
  }

  /** How many of something follow that takes at least a byte each. */
  readLength(): number {
    const length = this.readCount();
    return length <= this.remaining ? length : refuse('it ends too early');
  }

  readBlock(): Uint8Array {
    return this.readBytes(this.readLength());
  }
}
