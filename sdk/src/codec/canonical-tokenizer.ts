import { type Token, Tokenizer, Type } from 'cborg';

/** Thrown where bytes are CBOR, but not the one encoding of what they mean. */
class NotCanonical extends Error {}

const FLOAT64 = 0xfb;
const FIRST_FLOAT = 0xf8;
const TEXT_ENCODER: TextEncoder = new TextEncoder();

/** A map or an array whose items are still to come. */
interface Open {
  /** What it lies in itself. */
  readonly outer: Open | undefined;
  readonly isMap: boolean;
  /** Of a map keys and values. */
  left: number;
  /** Where the text of the last key lies; empty before the first. */
  keyStart: number;
  keyEnd: number;
}

/**
 * Reads tokens of deterministic CBOR and throws at whatever `encodeCanonical` would have written
 * otherwise, so that nothing has to be encoded again to find out. Of the rest (longer integers and
 * lengths than needed, indefinite lengths, other simple values, repeated keys) the options that
 * `decodeCanonical` gives cborg take care.
 */
export class CanonicalTokenizer extends Tokenizer {
  #open: Open | undefined;

  override next(): Token {
    const start = this.pos();
    const token = super.next();
    const { type } = token;
    const open = this.#open;
    const isKey = open?.isMap === true && open.left % 2 === 0;
    if (type === Type.string) this.#readText(token, start, isKey ? open : undefined);
    else if (isKey) throw new NotCanonical('a key that is no text');
    else if (type === Type.float) this.#checkFloat(token, start);
    else if (type === Type.negint && !Number.isSafeInteger(token.value)) {
      throw new NotCanonical('an integer that is no safe one');
    }
    if (open) open.left -= 1;
    if (type === Type.map) this.#begin(true, 2 * Number(token.value));
    else if (type === Type.array) this.#begin(false, Number(token.value));
    while (this.#open?.left === 0) this.#open = this.#open.outer;
    return token;
  }

  #begin(isMap: boolean, left: number): void {
    this.#open = { outer: this.#open, isMap, left, keyStart: 0, keyEnd: 0 };
  }

  /** Only what is no safe integer is a float, and of 64 bits. */
  #checkFloat(token: Token, start: number): void {
    const initialByte = this.data[start] ?? 0;
    if (initialByte < FIRST_FLOAT) return;
    if (initialByte !== FLOAT64 || Number.isSafeInteger(token.value)) {
      throw new NotCanonical('a number that is encoded otherwise');
    }
  }

  /** `map` if the text is one of its keys. */
  #readText(token: Token, start: number, map: Open | undefined): void {
    const textStart = start + textPrefixLength(this.data[start] ?? 0);
    const textEnd = this.pos();
    if (!this.#isAscii(textStart, textEnd)) {
      this.#keepBom(token, textStart, textEnd);
      this.#checkUtf8(String(token.value), textStart, textEnd);
    }
    if (!map) return;
    if (map.keyEnd > 0 && !this.#areInOrder(map.keyStart, map.keyEnd, textStart, textEnd)) {
      throw new NotCanonical('keys out of order');
    }
    map.keyStart = textStart;
    map.keyEnd = textEnd;
  }

  #isAscii(start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) if ((this.data[at] ?? 0) > 0x7f) return false;
    return true;
  }

  /**
   * cborg decodes text with a TextDecoder that swallows a leading byte order mark, which
   * text pasted from a spreadsheet may well have.
   */
  #keepBom(token: Token, start: number, end: number): void {
    if (end - start < 3 || this.data[start] !== 0xef) return;
    const isBom = this.data[start + 1] === 0xbb && this.data[start + 2] === 0xbf;
    if (isBom) token.value = `\uFEFF${String(token.value)}`;
  }

  /** What is no UTF-8 was replaced by U+FFFD; text may also hold that character itself. */
  #checkUtf8(text: string, start: number, end: number): void {
    if (!text.includes('\uFFFD')) return;
    const bytes = TEXT_ENCODER.encode(text);
    const isSame =
      bytes.length === end - start &&
      bytes.every((byte, index) => byte === this.data[start + index]);
    if (!isSame) throw new NotCanonical('text that is no UTF-8');
  }

  /** Shorter keys come first, and of equally long ones the lesser bytes. */
  #areInOrder(start: number, end: number, nextStart: number, nextEnd: number): boolean {
    const length = end - start;
    const nextLength = nextEnd - nextStart;
    if (length !== nextLength) return length < nextLength;
    for (let at = 0; at < length; at += 1) {
      const byte = this.data[start + at] ?? 0;
      const next = this.data[nextStart + at] ?? 0;
      if (byte !== next) return byte < next;
    }
    return false;
  }
}

/** How many bytes come before the text: the initial byte, and 1, 2, 4 or 8 of length. */
function textPrefixLength(initialByte: number): number {
  const additional = initialByte & 31;
  return additional < 24 ? 1 : 1 + 2 ** (additional - 24);
}
