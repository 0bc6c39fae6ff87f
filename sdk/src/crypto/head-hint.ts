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
  /** The commit that would make it the head is still under way. */
  readonly early?: true | undefined;
}): HeadHint {
  const { seq, headHash, epochKey, early } = input;
  const head = headHash.subarray(0, TRUNCATED_BYTES);
  const mac = macOf(seq, head, epochKey, early).subarray(0, TRUNCATED_BYTES);
  const hint = { seq, epoch: epochKey.epoch, head8: bytesToHex(head), mac8: bytesToHex(mac) };
  return early ? { ...hint, early } : hint;
}

/** Whether a holder of `epochKey` made `hint`; compares in constant time, never throws. */
export function verifyHeadHint(hint: HeadHint, epochKey: EpochKey): boolean {
  if (hint.epoch !== epochKey.epoch || !Number.isSafeInteger(hint.seq) || hint.seq < 1) {
    return false;
  }
  if (!TRUNCATED_HEX.test(hint.head8) || !TRUNCATED_HEX.test(hint.mac8)) return false;
  const head = hexToBytes(hint.head8);
  const expected = macOf(hint.seq, head, epochKey, hint.early).subarray(0, TRUNCATED_BYTES);
  return sodium().memcmp(expected, hexToBytes(hint.mac8));
}

/** An early hint is over one byte more, so that nobody can turn one into the other. */
function macOf(seq: number, head: Uint8Array, epochKey: EpochKey, early?: true): Uint8Array {
  const message = new Uint8Array(12 + TRUNCATED_BYTES + (early ? 1 : 0));
  const view = new DataView(message.buffer);
  writeUint64(view, 0, seq);
  view.setUint32(8, epochKey.epoch);
  message.set(head, 12);
  if (early) message[12 + TRUNCATED_BYTES] = 1;
  return sodium().crypto_generichash(32, message, epochKey.subkey('headTag'));
}
