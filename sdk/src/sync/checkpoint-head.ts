import { sha256 } from '@noble/hashes/sha2.js';
import { type Item, decodeCanonical, encodeCanonical, isOtherVersion } from '../codec/cbor.js';
import { type DecodeError, malformed, upgradeRequired } from '../codec/decode-error.js';
import { isBytes, isCount } from '../crypto/read-array.js';
import { ok, type Result } from '../result.js';

/** Which checkpoint of a local store counts, and what its chunks come to. */
export interface CheckpointHead {
  /** The last entry that it covers. */
  readonly seq: number;
  readonly chunks: number;
  /** SHA-256 of all chunks together. */
  readonly hash: Uint8Array;
}

/** A chunk has a name of four digits. */
const MAX_CHUNKS = 9_999;
const VERSION = 1;
const ITEMS = 4;
const WHAT = 'the head of the checkpoint';

export const headOf = (seq: number, bytes: Uint8Array, chunks: number): CheckpointHead => ({
  seq,
  chunks,
  hash: sha256(bytes),
});

export function encodeCheckpointHead({ seq, chunks, hash }: CheckpointHead): Uint8Array {
  if (chunks > MAX_CHUNKS) throw new RangeError('The checkpoint is too large for a local store.');
  return encodeCanonical([VERSION, seq, chunks, hash]);
}

export function decodeCheckpointHead(bytes: Uint8Array): Result<CheckpointHead, DecodeError> {
  if (isOtherVersion(bytes, VERSION)) return upgradeRequired(WHAT);
  const item = decodeCanonical(bytes);
  if (!Array.isArray(item)) return malformed(WHAT);
  const items: readonly Item[] = item;
  if (items.length > ITEMS) return upgradeRequired(WHAT);
  const [version, seq, chunks, hash] = items;
  if (version !== VERSION || !isCount(seq, 1, Number.MAX_SAFE_INTEGER)) return malformed(WHAT);
  if (!isCount(chunks, 1, MAX_CHUNKS) || !isBytes(hash, 32)) return malformed(WHAT);
  return ok({ seq, chunks, hash });
}
