import { hexToBytes } from '@noble/hashes/utils.js';
import { type Result, err, ok } from '../result.js';
import { openBytes, sealBytes } from './aead.js';
import type { EpochKey } from './epoch-key.js';
import { NONCE_BYTES, TAG_BYTES } from './frame.js';
import { encodeLabelled } from './labelled.js';
import { paddedLength } from './padme.js';
import type { RandomBytes } from './sodium.js';

/** Which piece of which snapshot a chunk is. */
export interface ChunkPlace {
  /** The log position of the snapshot. */
  readonly seq: number;
  /** 8 bytes, random for every snapshot. */
  readonly nonce: Uint8Array;
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export interface ChunkError {
  readonly kind: 'not_authentic';
  readonly message: string;
}

export const SNAPSHOT_NONCE_BYTES = 8;
/** Of what is sealed, so that nonce and tag fit a stored chunk as well. */
const MAX_SLICE_BYTES = 890_000;
const VERSION = 1;

/**
 * `bytes` in slices of at most 890,000 bytes. Zeros follow the end, so that what is stored says
 * little of how much a household has: a reader needs the length to tell them apart.
 */
export function cutSnapshot(bytes: Uint8Array): Uint8Array[] {
  const slices: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_SLICE_BYTES) {
    const slice = bytes.subarray(at, at + MAX_SLICE_BYTES);
    const padded = new Uint8Array(Math.min(paddedLength(slice.length), MAX_SLICE_BYTES));
    padded.set(slice);
    slices.push(padded);
  }
  return slices;
}

/** The first `totalBytes` of the slices; undefined unless `cutSnapshot` would cut them so. */
export function joinSnapshot(
  slices: readonly Uint8Array[],
  totalBytes: number,
): Uint8Array | undefined {
  const stored = slices.reduce((sum, slice) => sum + slice.length, 0);
  if (totalBytes > stored) return undefined;
  const joined = new Uint8Array(stored);
  let at = 0;
  for (const slice of slices) {
    joined.set(slice, at);
    at += slice.length;
  }
  const isPadding = joined.subarray(totalBytes).every((byte) => byte === 0);
  const whole = joined.subarray(0, totalBytes);
  return isPadding && hasLengths(slices, totalBytes) ? whole : undefined;
}

function hasLengths(slices: readonly Uint8Array[], totalBytes: number): boolean {
  const count = Math.max(1, Math.ceil(totalBytes / MAX_SLICE_BYTES));
  return (
    slices.length === count &&
    slices.every((slice, index) => {
      const left = totalBytes - index * MAX_SLICE_BYTES;
      return slice.length === Math.min(paddedLength(left), MAX_SLICE_BYTES);
    })
  );
}

/** The chunk as it is stored: nonce 24 | ciphertext and tag, under the epoch's snapshot subkey. */
export function sealSnapshotChunk(
  slice: Uint8Array,
  place: ChunkPlace,
  epochKey: EpochKey,
  random: RandomBytes,
): Uint8Array {
  if (slice.length > MAX_SLICE_BYTES) throw new RangeError('A slice is at most 890,000 bytes.');
  const { nonce, ciphertext } = sealBytes(
    slice,
    encodePlace(place, epochKey),
    epochKey.subkey('snapshot'),
    random,
  );
  const chunk = new Uint8Array(nonce.length + ciphertext.length);
  chunk.set(nonce);
  chunk.set(ciphertext, nonce.length);
  return chunk;
}

/** The slice that was sealed for exactly that place, budget and epoch. */
export function openSnapshotChunk(
  chunk: Uint8Array,
  place: ChunkPlace,
  epochKey: EpochKey,
): Result<Uint8Array, ChunkError> {
  const sealed = { nonce: chunk.subarray(0, NONCE_BYTES), ciphertext: chunk.subarray(NONCE_BYTES) };
  const slice =
    sealed.ciphertext.length >= TAG_BYTES
      ? openBytes(sealed, encodePlace(place, epochKey), epochKey.subkey('snapshot'))
      : undefined;
  return slice
    ? ok(slice)
    : err({ kind: 'not_authentic', message: 'The seal of a snapshot chunk does not open.' });
}

function encodePlace({ seq, nonce, index, count }: ChunkPlace, epochKey: EpochKey): Uint8Array {
  if (nonce.length !== SNAPSHOT_NONCE_BYTES) throw new RangeError('A nonce is 8 bytes.');
  const { budgetId, epoch, kid } = epochKey;
  const bound = [VERSION, hexToBytes(budgetId), epoch, kid, seq, nonce, index, count];
  return encodeLabelled('snapshot chunk', bound);
}
