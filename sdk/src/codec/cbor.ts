import { type DecodeOptions, type EncodeOptions, decode, encode } from 'cborg';
import type { Value } from '../model/edit.js';
import { CanonicalTokenizer } from './canonical-tokenizer.js';

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
    const tokenizer = new CanonicalTokenizer(asPlainBytes(bytes), DECODE_OPTIONS);
    return decode(bytes, { ...DECODE_OPTIONS, tokenizer }) as Item;
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

/** A Buffer's slice() shares memory and prints otherwise; in Node, cborg returns Buffers. */
function asPlainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
