import { deflateSync, inflateSync } from 'fflate';
import { decodeCanonical, encodeCanonical } from '../codec/cbor.js';
import { ByteReader, MalformedBytes } from '../codec/checkpoint/byte-reader.js';
import { ByteWriter } from '../codec/checkpoint/byte-writer.js';
import { readState, writeState } from '../codec/checkpoint/state.js';
import { type DecodeError, malformed, upgradeRequired } from '../codec/decode-error.js';
import { ok, type Result } from '../result.js';
import { headItem, readHead } from './checkpoint-position.js';
import type { Checkpoint } from './checkpoint.js';

/*
 * magic 4 | version u8 | rawLength u32 | deflated. Raw: the length of what is known besides
 * the state, that in CBOR, and the state in columns.
 */

const MAGIC = 0x5343_4b50;
const VERSION = 1;
const PREFIX_BYTES = 9;
/** Raw DEFLATE makes no more out of a byte; whoever claims more would only make us allocate. */
const MAX_RATIO = 1032;

/** Equal checkpoints of confirmed states give equal bytes. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new ByteWriter();
  writer.writeBlock(encodeCanonical(headItem(checkpoint)));
  writeState(writer, checkpoint.state);
  const raw = writer.toBytes();
  const deflated = deflateSync(raw, { level: 6 });
  const bytes = new Uint8Array(PREFIX_BYTES + deflated.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint32(5, raw.length);
  bytes.set(deflated, PREFIX_BYTES);
  return bytes;
}

/**
 * Reads what {@link encodeCheckpoint} wrote; `malformed` as well where it would inflate to more
 * than `maxBytes`. Never throws.
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  maxBytes: number,
): Result<Checkpoint, DecodeError> {
  if (bytes.length < PREFIX_BYTES) return malformed('shorter than a checkpoint');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC) return malformed('not a checkpoint');
  if (view.getUint8(4) !== VERSION) return upgradeRequired('a checkpoint');
  const raw = inflate(bytes.subarray(PREFIX_BYTES), view.getUint32(5), maxBytes);
  if (!raw) return malformed('a checkpoint that does not inflate as announced');
  try {
    return readCheckpoint(new ByteReader(raw));
  } catch (error) {
    if (error instanceof MalformedBytes) return malformed(`a checkpoint: ${error.message}`);
    throw error;
  }
}

function readCheckpoint(reader: ByteReader): Result<Checkpoint, DecodeError> {
  const head = readHead(decodeCanonical(reader.readBlock()));
  if (!head) return malformed('the position of a checkpoint');
  const state = readState(reader);
  return reader.remaining === 0
    ? ok({ state, ...head })
    : malformed('more bytes than a checkpoint has');
}

function inflate(data: Uint8Array, rawLength: number, maxBytes: number): Uint8Array | undefined {
  if (rawLength > maxBytes || rawLength > data.length * MAX_RATIO) return undefined;
  // One byte more than announced: what would inflate further shows by filling it.
  const out = new Uint8Array(rawLength + 1);
  try {
    const raw = inflateSync(data, { out });
    return raw.length === rawLength ? raw : undefined;
  } catch {
    return undefined;
  }
}
