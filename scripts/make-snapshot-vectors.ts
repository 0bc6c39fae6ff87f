/**
 * A checkpoint laid out by hand as docs/protocol.md describes it, and the chunk that a snapshot of
 * it would be, for make-test-vectors.ts. Shares no code with the SDK either.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { encode } from 'cborg';
import sodium from 'libsodium-wrappers';

await sodium.ready;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const filled = (length: number, value: number): Buffer => Buffer.alloc(length, value);
const u16le = (value: number): Buffer => Buffer.of(value & 0xff, value >> 8);
/** The lengths here all fit one group of 7 bits, or two. */
const count = (value: number): Buffer =>
  value < 128 ? Buffer.of(value) : Buffer.of((value & 0x7f) | 0x80, value >> 7);
const block = (bytes: Uint8Array): Buffer => Buffer.concat([count(bytes.length), bytes]);
const numbers = (...values: readonly number[]): Buffer => Buffer.of(0, 1, ...values);
const text = (only: string): Buffer =>
  Buffer.concat([Buffer.of(0), numbers(only.length), block(Buffer.from(only))]);
const time = Buffer.from((1_700_000_000_000).toString(16).padStart(12, '0'), 'hex');

export interface SnapshotVectors {
  readonly file: unknown;
  /** The body of the header. */
  readonly header: Uint8Array;
}

/** `key` is subkey 4 of the epoch key whose commitment is `kid`. */
export function makeSnapshotVectors(input: {
  readonly budgetId: Uint8Array;
  readonly device: Uint8Array;
  readonly kid: Uint8Array;
  readonly epochKey: Uint8Array;
  readonly key: Uint8Array;
}): SnapshotVectors {
  const { budgetId, device, kid, epochKey, key } = input;
  const [sign, box] = [filled(32, 0x51), filled(32, 0xb0)];
  const [hash, peopleHash] = [filled(32, 0x33), filled(32, 0x11)];
  const frame = Buffer.from('the first entry');
  const t = 1_700_000_000_000;
  const people = [[['ann', 0, sign, box, 1, 1]], [], [[device, 'ann', 'Phone', false]]];
  const head = encode([3, hash, 1, kid, 0, t, peopleHash, 0, [], people, [frame], 0, '']);

  // ann put {name: 'Car', saved: 100} as goals/g1, and added 25 to what is saved.
  const state = Buffer.concat([
    block(device),
    ...[count(1), text('ann')],
    // Lengths 4 and 5, told as differences: 4 and 1.
    ...[count(2), Buffer.of(0, 1, 1, 4, 1), block(Buffer.from('namesaved'))],
    // The latest stamp: a plane for each byte of the time, and 0 beside it.
    ...[Buffer.of(0, 6), Buffer.from([...time].flatMap((byte) => [byte, 0]))],
    ...[count(1), numbers(0), numbers(2)],
    // Makers: the device with nobody, and with ann.
    ...[count(2), numbers(0, 0), numbers(0, 1)],
    // Edits: the put at seq 2 by the second maker, the increment at seq 3 by the first.
    ...[count(2), numbers(1, 0), numbers(2, 3), numbers(0, 0)],
    ...[Buffer.of(0, 6), time, numbers(0), numbers(0)],
    ...[count(1), text('goals')],
    ...[count(1), text('g1')],
    // One shape: a put with two fields, the first of which it wrote, and the second as well.
    ...[count(1), count(6), numbers(1, 2, 0, 1, 1, 1 | 4), numbers(0)],
    ...[numbers(0), numbers(0)],
    ...[numbers(0), numbers(1), numbers(0), numbers(25)],
    ...[numbers(6), text('Car')],
    ...[numbers(4), numbers(100)],
  ]);
  const raw = Buffer.concat([block(head), state]);
  // A stored block, because compressors differ from release to release.
  const stored = [Buffer.of(1), u16le(raw.length), u16le(raw.length ^ 0xffff), raw];
  const rawLength = Buffer.alloc(4);
  rawLength.writeUInt32BE(raw.length);
  const prefix = [Buffer.from('SCKP'), Buffer.of(1), rawLength];
  const checkpoint = Buffer.concat([...prefix, ...stored]);

  const place = { seq: 3, nonce: filled(8, 0x77), index: 0, count: 1 };
  const bound = [1, budgetId, 1, kid, place.seq, place.nonce, place.index, place.count];
  const nonce = filled(24, 0x24);
  const slice = Buffer.concat([checkpoint, filled(paddedTo(checkpoint.length), 0)]);
  const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    slice,
    Buffer.concat([Buffer.from('sealsync.v1 snapshot chunk'), encode(bound)]),
    null,
    nonce,
    key,
  );
  const chunk = Buffer.concat([nonce, ciphertext]);
  const digest = filled(32, 0xdd);
  return {
    file: {
      epochKey: hex(epochKey),
      budgetId: hex(budgetId),
      epoch: 1,
      device: hex(device),
      kid: hex(kid),
      members: { ann: { role: 'owner', sign: hex(sign), box: hex(box) } },
      deviceName: 'Phone',
      hash: hex(hash),
      peopleHash: hex(peopleHash),
      frame: hex(frame),
      t,
      record: { collection: 'goals', id: 'g1', fields: { name: 'Car', saved: 125 } },
      raw: hex(raw),
      checkpoint: hex(checkpoint),
      place: { ...place, nonce: hex(place.nonce) },
      chunk: hex(chunk),
    },
    header: encode([1, place.nonce, checkpoint.length, [sha256(chunk)], digest]),
  };
}

/** The zeros up to PADME of a length between 256 and 511, whose steps are 16. */
function paddedTo(length: number): number {
  if (length < 256 || length > 511) throw new Error('The checkpoint has another length.');
  return Math.ceil(length / 16) * 16 - length;
}
