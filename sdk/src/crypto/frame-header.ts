import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type BudgetId, type DeviceId, isBudgetId, isDeviceId } from '../model/ids.js';
import { type Result, err, ok } from '../result.js';
import { readUint64, writeUint64 } from './integers.js';

/*
 * magic 4 | version 1 | suite 1 | kind 1 | authorLength 1 | budgetId 16 | seq 8 | epoch 4
 * | kid 32 | device 16 | t 8 | prev 32 | author. Every byte is bound by seal and signature.
 */

/** The first two are of entries; a snapshot's header is no part of the log. */
export type FrameKind = 'edits' | 'membership' | 'snapshot';

export interface FrameHeader {
  readonly kind: FrameKind;
  readonly budgetId: BudgetId;
  /** Position in the log, from 1. */
  readonly seq: number;
  readonly epoch: number;
  /** 32 bytes that commit to the epoch key. */
  readonly kid: Uint8Array;
  /** The author's uid, 1 to 128 bytes in UTF-8. */
  readonly author: string;
  readonly device: DeviceId;
  /** The author's time, in ms since the Unix epoch. */
  readonly t: number;
  /**
   * SHA-256 of the frame at `seq - 1`; 32 zero bytes at `seq` 1. Of the frame at `seq` itself in
   * a snapshot's header.
   */
  readonly prev: Uint8Array;
}

export interface FrameError {
  readonly kind: 'malformed' | 'upgrade_required';
  readonly message: string;
}

export const HASH_BYTES = 32;
/** The header's length without the author. */
export const FIXED_HEADER_BYTES = 124;

const MAGIC = 0x5345_414c;
const VERSION = 1;
const SUITE = 1;
const KIND_CODES: Readonly<Record<FrameKind, number>> = { edits: 1, membership: 2, snapshot: 3 };
const KINDS: ReadonlyMap<number, FrameKind> = new Map([
  [1, 'edits'],
  [2, 'membership'],
  [3, 'snapshot'],
]);
const MAX_AUTHOR_BYTES = 128;
const AT = { budgetId: 8, seq: 24, epoch: 32, kid: 36, device: 68, t: 84, prev: 92, author: 124 };

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The author's bytes; throws unless they fit a header. */
export function encodeAuthor(author: string): Uint8Array {
  const bytes = textEncoder.encode(author);
  if (bytes.length < 1 || bytes.length > MAX_AUTHOR_BYTES) {
    throw new RangeError('An author is 1 to 128 bytes long.');
  }
  return bytes;
}

/** Writes the header to the start of `frame`; a field out of its range is a bug and throws. */
export function writeHeader(frame: Uint8Array, header: FrameHeader, author: Uint8Array): void {
  requireIntegers(header);
  if (header.kid.length !== HASH_BYTES) throw new RangeError('kid is 32 bytes.');
  if (header.prev.length !== HASH_BYTES) throw new RangeError('prev is 32 bytes.');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, SUITE);
  view.setUint8(6, KIND_CODES[header.kind]);
  view.setUint8(7, author.length);
  frame.set(hexToBytes(header.budgetId), AT.budgetId);
  writeUint64(view, AT.seq, header.seq);
  view.setUint32(AT.epoch, header.epoch);
  frame.set(header.kid, AT.kid);
  frame.set(hexToBytes(header.device), AT.device);
  writeUint64(view, AT.t, header.t);
  frame.set(header.prev, AT.prev);
  frame.set(author, AT.author);
}

/** Reads the header that `bytes` start with; `kid` and `prev` are views into them. */
export function readHeader(bytes: Uint8Array): Result<FrameHeader, FrameError> {
  if (bytes.length < FIXED_HEADER_BYTES) return malformed('shorter than a header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC) return malformed('wrong magic');
  const kind = KINDS.get(view.getUint8(6));
  if (view.getUint8(4) !== VERSION || view.getUint8(5) !== SUITE || kind === undefined) {
    return err({ kind: 'upgrade_required', message: 'A newer version of the app wrote this.' });
  }
  const author = decodeAuthor(bytes, view.getUint8(7));
  if (author === undefined) return malformed('bad author');
  const seq = readUint64(view, AT.seq);
  const epoch = view.getUint32(AT.epoch);
  const t = readUint64(view, AT.t);
  if (!Number.isSafeInteger(seq) || seq < 1) return malformed('seq out of range');
  if (epoch < 1) return malformed('epoch out of range');
  if (!Number.isSafeInteger(t)) return malformed('t out of range');
  const budgetId = bytesToHex(bytes.subarray(AT.budgetId, AT.seq));
  const device = bytesToHex(bytes.subarray(AT.device, AT.t));
  if (!isBudgetId(budgetId) || !isDeviceId(device)) return malformed('bad id');
  const kid = bytes.subarray(AT.kid, AT.device);
  const prev = bytes.subarray(AT.prev, AT.author);
  return ok({ kind, budgetId, seq, epoch, kid, author, device, t, prev });
}

/** The length of the header that `bytes`, at least {@link FIXED_HEADER_BYTES} long, start with. */
export function headerLength(bytes: Uint8Array): number {
  return FIXED_HEADER_BYTES + (bytes[7] ?? 0);
}

function decodeAuthor(bytes: Uint8Array, length: number): string | undefined {
  const end = AT.author + length;
  if (length < 1 || length > MAX_AUTHOR_BYTES || end > bytes.length) return undefined;
  try {
    return textDecoder.decode(bytes.subarray(AT.author, end));
  } catch {
    return undefined;
  }
}

function requireIntegers({ seq, epoch, t }: FrameHeader): void {
  if (!Number.isSafeInteger(seq) || seq < 1) throw new RangeError('seq is a safe integer from 1.');
  if (!Number.isSafeInteger(t) || t < 0) throw new RangeError('t is a safe integer from 0.');
  if (!Number.isInteger(epoch) || epoch < 1 || epoch > 0xffff_ffff) {
    throw new RangeError('epoch is an integer from 1 to 2^32 - 1.');
  }
}

function malformed(why: string): Result<never, FrameError> {
  return err({ kind: 'malformed', message: `The frame is malformed: ${why}.` });
}
