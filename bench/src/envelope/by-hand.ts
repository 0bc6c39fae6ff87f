import type { Edit, Op } from '@sealsync/sdk';
import { decode, encode } from 'cborg';
import { deflateSync, inflateSync } from 'fflate';
import libsodium from 'libsodium-wrappers';
import { MIN_PADDED_BYTES, paddedLength } from '../../../sdk/src/crypto/padme.js';

const HEADER_BYTES = 152;
const NONCE_BYTES = 24;
const SIGNATURE_BYTES = 64;
const PREFIX_BYTES = 9;

export interface HandKeys {
  readonly aead: Uint8Array;
  readonly sign: Uint8Array;
  readonly verify: Uint8Array;
  /** Stands for the header: as many bytes, bound by seal and signature as well. */
  readonly header: Uint8Array;
}

/** The libraries have to be ready. */
export function makeHandKeys(): HandKeys {
  const { privateKey, publicKey } = libsodium.crypto_sign_keypair();
  return {
    aead: libsodium.randombytes_buf(32),
    sign: privateKey,
    verify: publicKey,
    header: libsodium.randombytes_buf(HEADER_BYTES),
  };
}

/** What is sealed of a batch of edits: the same CBOR as in an entry, without any check. */
export function encodeByHand(edits: readonly Edit[]): Uint8Array {
  let [counter, wallMs, base] = [0, 0, 0];
  const items = edits.map((edit) => {
    const { stamp, ops } = edit;
    const numbers = [edit.counter - counter, stamp.wallMs - wallMs, stamp.logical];
    const item = [...numbers, edit.base - base, ops.map(toItem)];
    [counter, wallMs, base] = [edit.counter, stamp.wallMs, edit.base];
    return item;
  });
  return encode([1, items, []], { float64: true });
}

function toItem(op: Op): unknown[] {
  switch (op.type) {
    case 'put':
      return [0, op.collection, op.id, op.fields];
    case 'set':
      return [1, op.collection, op.id, op.field, op.value];
    case 'increment':
      return [2, op.collection, op.id, op.field, op.by];
    case 'remove':
      return [3, op.collection, op.id];
  }
}

/** Encode, compress, pad, seal and sign with nothing but the libraries. */
export function sealByHand(edits: readonly Edit[], keys: HandKeys): Uint8Array {
  const body = encodeByHand(edits);
  const isSmall = PREFIX_BYTES + body.length <= MIN_PADDED_BYTES;
  const deflated = isSmall ? body : deflateSync(body, { level: 6 });
  const packed = new Uint8Array(paddedLength(PREFIX_BYTES + deflated.length));
  const view = new DataView(packed.buffer);
  view.setUint8(0, isSmall ? 0 : 1);
  view.setUint32(1, body.length);
  view.setUint32(5, deflated.length);
  packed.set(deflated, PREFIX_BYTES);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = libsodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    packed,
    keys.header,
    null,
    nonce,
    keys.aead,
  );
  const signedLength = HEADER_BYTES + NONCE_BYTES + sealed.length;
  const frame = new Uint8Array(signedLength + SIGNATURE_BYTES);
  frame.set(keys.header);
  frame.set(nonce, HEADER_BYTES);
  frame.set(sealed, HEADER_BYTES + NONCE_BYTES);
  frame.set(
    libsodium.crypto_sign_detached(frame.subarray(0, signedLength), keys.sign),
    signedLength,
  );
  return frame;
}

/** Verify, open, inflate and decode with nothing but the libraries. */
export function openByHand(frame: Uint8Array, keys: HandKeys): unknown {
  const signed = frame.subarray(0, frame.length - SIGNATURE_BYTES);
  const signature = frame.subarray(signed.length);
  if (!libsodium.crypto_sign_verify_detached(signature, signed, keys.verify)) {
    throw new Error('The signature is not genuine.');
  }
  const packed = libsodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
    null,
    signed.subarray(HEADER_BYTES + NONCE_BYTES),
    signed.subarray(0, HEADER_BYTES),
    signed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES),
    keys.aead,
  );
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const data = packed.subarray(PREFIX_BYTES, PREFIX_BYTES + view.getUint32(5));
  const isStored = view.getUint8(0) === 0;
  return decode(isStored ? data : inflateSync(data, { out: new Uint8Array(view.getUint32(1)) }));
}
