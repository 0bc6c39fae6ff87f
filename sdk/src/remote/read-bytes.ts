import { Bytes } from 'firebase/firestore/lite';

const MAX_SEALED_BYTES = 1024;

/** Bytes that only clients make sense of, of a size that the rules allow; else `undefined`. */
export function readSealed(value: unknown): Uint8Array | undefined {
  if (!(value instanceof Bytes)) return undefined;
  const bytes = value.toUint8Array();
  return bytes.length >= 1 && bytes.length <= MAX_SEALED_BYTES ? bytes : undefined;
}

/** Bytes of exactly this length; else `undefined`. */
export function readBytes(value: unknown, length: number): Uint8Array | undefined {
  if (!(value instanceof Bytes)) return undefined;
  const bytes = value.toUint8Array();
  return bytes.length === length ? bytes : undefined;
}
