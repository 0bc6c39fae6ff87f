import { type Result, err } from '../result.js';
import type { EpochKey } from './epoch-key.js';
import { type Frame, NONCE_BYTES, SIGNATURE_BYTES, frameLength } from './frame.js';
import { type FrameHeader, encodeAuthor, headerLength, writeHeader } from './frame-header.js';
import type { Identity } from './identity.js';
import { packBody, unpackBody } from './packing.js';
import { type RandomBytes, sodium } from './sodium.js';

/** What the author of an entry chooses; the rest of its header follows from the keys. */
export type SealInput = Pick<FrameHeader, 'kind' | 'seq' | 'device' | 't' | 'prev'> & {
  /** Packed (compressed and padded) here; at most 256 KiB. */
  readonly plaintext: Uint8Array;
  readonly epochKey: EpochKey;
  readonly identity: Identity;
  readonly random: RandomBytes;
};

export interface OpenError {
  readonly kind: 'malformed' | 'not_authentic' | 'wrong_key' | 'too_large';
  readonly message: string;
}

/**
 * One entry as it is stored: XChaCha20-Poly1305 over the packed plaintext with the header
 * as associated data, then Ed25519 over header, nonce and ciphertext.
 */
export function sealFrame(input: SealInput): Uint8Array {
  const { epochKey, identity } = input;
  const author = encodeAuthor(identity.uid);
  const packed = packBody(input.plaintext);
  const frame = new Uint8Array(frameLength(author.length, packed.length));
  const { kind, seq, device, t, prev } = input;
  const { budgetId, epoch, kid } = epochKey;
  writeHeader(
    frame,
    { kind, budgetId, seq, epoch, kid, author: identity.uid, device, t, prev },
    author,
  );
  const nonce = input.random.bytes(NONCE_BYTES);
  const nonceAt = headerLength(frame);
  const key = epochKey.subkey('entry');
  const ciphertext = sodium().crypto_aead_xchacha20poly1305_ietf_encrypt(
    packed,
    frame.subarray(0, nonceAt),
    null,
    nonce,
    key,
  );
  frame.set(nonce, nonceAt);
  frame.set(ciphertext, nonceAt + NONCE_BYTES);
  const signatureAt = frame.length - SIGNATURE_BYTES;
  frame.set(identity.sign(frame.subarray(0, signatureAt)), signatureAt);
  return frame;
}

/** Whether the holder of `signPublicKey` (32 bytes) signed header, nonce and ciphertext. */
export function verifyFrameSignature(frame: Frame, signPublicKey: Uint8Array): boolean {
  return sodium().crypto_sign_verify_detached(frame.signature, frame.signed, signPublicKey);
}

/**
 * The plaintext that was sealed. `wrong_key` if the header names another key, epoch or
 * budget than `epochKey`; `not_authentic` if a byte of header, nonce or ciphertext differs.
 * Says nothing of who wrote it: see {@link verifyFrameSignature}.
 */
export function openFrame(frame: Frame, epochKey: EpochKey): Result<Uint8Array, OpenError> {
  const { header } = frame;
  if (
    header.epoch !== epochKey.epoch ||
    header.budgetId !== epochKey.budgetId ||
    !sodium().memcmp(header.kid, epochKey.kid)
  ) {
    return err({ kind: 'wrong_key', message: 'The entry is sealed under another key.' });
  }
  const key = epochKey.subkey('entry');
  let packed: Uint8Array;
  try {
    packed = sodium().crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      frame.ciphertext,
      frame.headerBytes,
      frame.nonce,
      key,
    );
  } catch {
    return err({ kind: 'not_authentic', message: 'The seal of the entry does not open.' });
  }
  return unpackBody(packed);
}
