import {
  type DecodeOptions,
  type EncodeOptions,
  type Token,
  Tokenizer,
  Type,
  decode,
  encode,
} from 'cborg';
import type { Value } from '../model/edit.js';

/*
 * Deterministic CBOR: the shortest integers and lengths, definite lengths, map keys
 * ordered by length and then bytewise, other numbers as 64-bit floats, no tags.
 */

const ENCODE_OPTIONS: EncodeOptions = { float64: true };

const DECODE_OPTIONS: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
};

/** What CBOR items become. Maps become plain objects, whose `__proto__` is an ordinary key. */
export type Item = Value;

/** The one encoding of `item`; equal items give equal bytes, whatever the order of their keys. */
export function encodeCanonical(item: Item): Uint8Array {
  return asPlainBytes(encode(item, ENCODE_OPTIONS));
}

/** The item that `bytes` are the one encoding of, or undefined. Never throws. */
export function decodeCanonical(bytes: Uint8Array): Item | undefined {
  try {
    const tokenizer = new BomKeepingTokenizer(asPlainBytes(bytes), DECODE_OPTIONS);
    const item = decode(bytes, { ...DECODE_OPTIONS, tokenizer }) as Item;
    return areEqual(bytes, encodeCanonical(item)) ? item : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether `bytes` are an array led by another version than `version`. Looks at two bytes
 * only, because a newer version may hold what {@link decodeCanonical} refuses.
 */
export function isOtherVersion(bytes: Uint8Array, version: number): boolean {
  const [arrayHeader = 0, found = 0] = bytes;
  return arrayHeader > 0x80 && arrayHeader < 0x98 && found < 24 && found !== version;
}

/**
 * cborg decodes text with a TextDecoder that swallows a leading byte order mark, which
 * text pasted from a spreadsheet may well have; the re-encoded bytes would then differ.
 */
class BomKeepingTokenizer extends Tokenizer {
  override next(): Token {
    const start = this.pos();
    const token = super.next();
    if (token.type !== Type.string) return token;
    const at = start + stringPrefixLength(this.data[start] ?? 0);
    const hasBom =
      this.data[at] === 0xef && this.data[at + 1] === 0xbb && this.data[at + 2] === 0xbf;
    if (hasBom && at + 3 <= this.pos()) token.value = `\uFEFF${String(token.value)}`;
    return token;
  }
}

/** How many bytes come before the text: the initial byte, and 1, 2, 4 or 8 of length. */
function stringPrefixLength(initialByte: number): number {
  const additional = initialByte & 31;
  return additional < 24 ? 1 : 1 + 2 ** (additional - 24);
}

/** A Buffer's slice() shares memory and prints otherwise; in Node, cborg returns Buffers. */
function asPlainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
