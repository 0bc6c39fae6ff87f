import { type Item, encodeCanonical } from '../codec/cbor.js';
import { malformed } from '../codec/decode-error.js';
import { type Result, err, ok } from '../result.js';
import { type OpenError, type SealInput, openFrame, sealFrame } from './envelope.js';
import type { EpochKey } from './epoch-key.js';
import { HASH_BYTES } from './frame-header.js';
import type { Frame } from './frame.js';
import { isBytes, isCount, readArray } from './read-array.js';
import { SNAPSHOT_NONCE_BYTES } from './snapshot-chunk.js';

/** What a snapshot consists of, and what it claims to hold. */
export interface SnapshotContent {
  /** 8 bytes, those in the id of the stored snapshot. */
  readonly nonce: Uint8Array;
  /** The length of the encoded checkpoint, all slices together and without padding. */
  readonly totalBytes: number;
  /** SHA-256 of every chunk as it is stored, in order. */
  readonly chunkHashes: readonly Uint8Array[];
  /** 32 bytes: what the checkpoint inside has to have for its digest. */
  readonly stateDigest: Uint8Array;
}

export interface SnapshotHeaderError {
  readonly kind: OpenError['kind'] | 'upgrade_required';
  readonly message: string;
}

const VERSION = 1;
const ITEMS = 5;
const MAX_CHUNK_HASHES = 64;
const WHAT = 'the header of a snapshot';

/**
 * A frame of the kind `snapshot`: signed and sealed like an entry, and tied to the log by the
 * chain hash at `seq`, but of a kind that no reader takes for an entry.
 */
export function sealSnapshotHeader(
  input: Pick<SealInput, 'seq' | 'device' | 't' | 'epochKey' | 'identity' | 'random'> &
    SnapshotContent & {
      /** Chain hash of the entry at `seq`. */
      readonly headHash: Uint8Array;
    },
): Uint8Array {
  const { seq, device, t, headHash, epochKey, identity, random } = input;
  const { nonce, totalBytes, chunkHashes, stateDigest } = input;
  if (!readContent([nonce, totalBytes, [...chunkHashes], stateDigest])) {
    throw new RangeError('A snapshot has 1 to 64 chunks, hashes of 32 bytes and a nonce of 8.');
  }
  const items = [VERSION, nonce, totalBytes, [...chunkHashes], stateDigest];
  const plaintext = encodeCanonical(items);
  const sealed = { seq, device, t, prev: headHash, epochKey, identity, random, plaintext };
  return sealFrame({ ...sealed, kind: 'snapshot' });
}

/**
 * What the header says. Like `openFrame` it does not look at the signature, nor at whether the
 * log has that head at that position: `frame.header` tells what to compare.
 */
export function openSnapshotHeader(
  frame: Frame,
  epochKey: EpochKey,
): Result<SnapshotContent, SnapshotHeaderError> {
  if (frame.header.kind !== 'snapshot') {
    return err({ kind: 'malformed', message: 'The frame is no header of a snapshot.' });
  }
  const opened = openFrame(frame, epochKey);
  if (!opened.ok) return opened;
  const items = readArray(opened.value, ITEMS, WHAT);
  if (!items.ok) return items;
  const content = readContent(items.value);
  return content ? ok(content) : malformed(WHAT);
}

function readContent(items: readonly Item[]): SnapshotContent | undefined {
  const [nonce, totalBytes, hashes, stateDigest] = items;
  if (!isBytes(nonce, SNAPSHOT_NONCE_BYTES) || !isBytes(stateDigest, HASH_BYTES)) return undefined;
  if (!isCount(totalBytes, 1, Number.MAX_SAFE_INTEGER) || !Array.isArray(hashes)) return undefined;
  const chunkHashes: readonly Item[] = hashes;
  const isHash = (hash: Item): hash is Uint8Array => isBytes(hash, HASH_BYTES);
  if (chunkHashes.length < 1 || chunkHashes.length > MAX_CHUNK_HASHES) return undefined;
  return chunkHashes.every(isHash) ? { nonce, totalBytes, chunkHashes, stateDigest } : undefined;
}
