import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { HeadHint } from '@sealsync/protocol';
import type { EpochKey } from './epoch-key.js';
import { writeUint64 } from './integers.js';
import { sodium } from './sodium.js';

const TRUNCATED_BYTES = 8;
const TRUNCATED_HEX = /^[0-9a-f]{16}$/;

/** What `data_changed` may say of the log's head; only holders of the epoch key can make it. */
export function makeHeadHint(input: {
  readonly seq: number;
  /** SHA-256 of the frame at `seq`. */
  readonly headHash: Uint8Array;
  readonly epochKey: EpochKey;
}): HeadHint {
  const { seq, headHash, epochKey } = input;
  const head = headHash.subarray(0, TRUNCATED_BYTES);
  const mac = macOf(seq, head, epochKey).subarray(0, TRUNCATED_BYTES);
  return { seq, epoch: epochKey.epoch, head8: bytesToHex(head), mac8: bytesToHex(mac) };
}

/** Whether a holder of `epochKey` made `hint`; compares in constant time, never throws. */
export function verifyHeadHint(hint: HeadHint, epochKey: EpochKey): boolean {
  if (hint.epoch !== epochKey.epoch || !Number.isSafeInteger(hint.seq) || hint.seq < 1) {
    return false;
  }
  if (!TRUNCATED_HEX.test(hint.head8) || !TRUNCATED_HEX.test(hint.mac8)) return false;
  const expected = macOf(hint.seq, hexToBytes(hint.head8), epochKey).subarray(0, TRUNCATED_BYTES);
  return sodium().memcmp(expected, hexToBytes(hint.mac8));
}

function macOf(seq: number, head: Uint8Array, epochKey: EpochKey): Uint8Array {
  const message = new Uint8Array(12 + TRUNCATED_BYTES);
  const view = new DataView(message.buffer);
  writeUint64(view, 0, seq);
  view.setUint32(8, epochKey.epoch);
  message.set(head, 12);
  return sodium().crypto_generichash(32, message, epochKey.subkey('headTag'));
}
