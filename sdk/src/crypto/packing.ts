import { deflateSync, inflateSync } from 'fflate';
import { type Result, err, ok } from '../result.js';
import { MIN_PADDED_BYTES, paddedLength } from './padme.js';

/*
 * What is sealed: flag u8 | rawLength u32 | dataLength u32 | data | zeros.
 */

const PREFIX_BYTES = 9;
const STORED = 0;
const DEFLATED = 1;

/** No entry inflates beyond it, whatever it claims. */
export const MAX_BODY_BYTES: number = 262_144;

export interface UnpackError {
  readonly kind: 'malformed' | 'too_large';
  readonly message: string;
}

/** Compresses where that makes the padded form smaller, and pads with zeros. */
export function packBody(body: Uint8Array): Uint8Array {
  if (body.length > MAX_BODY_BYTES) throw new RangeError('A body is at most 256 KiB.');
  const deflated = isWorthDeflating(body) ? deflateSync(body, { level: 6 }) : body;
  const isSmaller = deflated.length < body.length;
  const data = isSmaller ? deflated : body;
  const packed = new Uint8Array(paddedLength(PREFIX_BYTES + data.length));
  const view = new DataView(packed.buffer);
  view.setUint8(0, isSmaller ? DEFLATED : STORED);
  view.setUint32(1, body.length);
  view.setUint32(5, data.length);
  packed.set(data, PREFIX_BYTES);
  return packed;
}

/** The body inside `packed`; a view into it where it was stored. */
export function unpackBody(packed: Uint8Array): Result<Uint8Array, UnpackError> {
  if (packed.length < MIN_PADDED_BYTES) return malformed('shorter than the smallest bucket');
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const flag = view.getUint8(0);
  const rawLength = view.getUint32(1);
  const dataLength = view.getUint32(5);
  if (rawLength > MAX_BODY_BYTES) {
    return err({ kind: 'too_large', message: 'The body exceeds 256 KiB when inflated.' });
  }
  const end = PREFIX_BYTES + dataLength;
  if (end > packed.length || packed.length !== paddedLength(end)) return malformed('wrong length');
  for (let at = end; at < packed.length; at += 1) {
    if (packed[at] !== 0) return malformed('padding is not zero');
  }
  const data = packed.subarray(PREFIX_BYTES, end);
  if (flag === STORED) return dataLength === rawLength ? ok(data) : malformed('wrong length');
  if (flag === DEFLATED) return inflate(data, rawLength);
  return malformed('unknown compression');
}

/** Below the smallest bucket, compressing costs time and saves nothing. */
function isWorthDeflating(body: Uint8Array): boolean {
  return PREFIX_BYTES + body.length > MIN_PADDED_BYTES;
}

function inflate(data: Uint8Array, rawLength: number): Result<Uint8Array, UnpackError> {
  if (data.length >= rawLength) return malformed('compression that does not compress');
  // One byte more than announced: what would inflate further shows by filling it, and
  // nothing is ever written beyond.
  const out = new Uint8Array(rawLength + 1);
  try {
    const inflated = inflateSync(data, { out });
    return inflated.length === rawLength ? ok(inflated) : malformed('wrong inflated length');
  } catch {
    return malformed('not a deflate stream');
  }
}

function malformed(why: string): Result<never, UnpackError> {
  return err({ kind: 'malformed', message: `The packed body is malformed: ${why}.` });
}
