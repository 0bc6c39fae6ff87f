import { sha256 } from '@noble/hashes/sha2.js';
import { type Result, err, ok } from '../result.js';
import {
  FIXED_HEADER_BYTES,
  type FrameError,
  type FrameHeader,
  HASH_BYTES,
  headerLength,
  readHeader,
} from './frame-header.js';
import { MIN_PADDED_BYTES } from './padme.js';

export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;
export const SIGNATURE_BYTES = 64;

/** What the first entry of a log has for `prev`. Copy before you change it. */
export const GENESIS_PREV: Uint8Array = new Uint8Array(HASH_BYTES);

/** A frame taken apart: everything but `header` is a view into `bytes`. Nothing is verified yet. */
export interface Frame {
  readonly header: FrameHeader;
  readonly bytes: Uint8Array;
  readonly headerBytes: Uint8Array;
  readonly nonce: Uint8Array;
  /** With its 16-byte tag. */
  readonly ciphertext: Uint8Array;
  readonly signature: Uint8Array;
  /** What the signature covers: header, nonce and ciphertext. */
  readonly signed: Uint8Array;
}

/**
 * Takes a frame apart. `upgrade_required` for a version, suite or kind that this SDK
 * does not know; `malformed` for anything else that is not exactly a frame.
 */
export function parseFrame(bytes: Uint8Array): Result<Frame, FrameError> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const nonceAt = headerLength(bytes);
  const ciphertextAt = nonceAt + NONCE_BYTES;
  const signatureAt = bytes.length - SIGNATURE_BYTES;
  if (signatureAt - ciphertextAt < MIN_PADDED_BYTES + TAG_BYTES) {
    return err({ kind: 'malformed', message: 'The frame is malformed: too short.' });
  }
  return ok({
    header: header.value,
    bytes,
    headerBytes: bytes.subarray(0, nonceAt),
    nonce: bytes.subarray(nonceAt, ciphertextAt),
    ciphertext: bytes.subarray(ciphertextAt, signatureAt),
    signature: bytes.subarray(signatureAt),
    signed: bytes.subarray(0, signatureAt),
  });
}

/** The link of the chain: SHA-256 over the whole frame. */
export function hashFrame(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** The length of a frame whose packed body is `packedLength` bytes. */
export function frameLength(authorLength: number, packedLength: number): number {
  return (
    FIXED_HEADER_BYTES + authorLength + NONCE_BYTES + packedLength + TAG_BYTES + SIGNATURE_BYTES
  );
}
