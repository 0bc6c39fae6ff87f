import { strFromU8, strToU8, unzlibSync, zlibSync } from 'fflate';
import libsodium from 'libsodium-wrappers';
import type { PeerOptions } from './peer.js';
import type { Transaction } from '../sample/records.js';

const NONCE_BYTES = 24;

/** All records of a budget by id. */
export type Blob = Record<string, Transaction>;

export const toBlob = (records: PeerOptions['records']): Blob => Object.fromEntries(records);

/** JSON, deflated, under XChaCha20-Poly1305; the library has to be ready. */
export function sealBlob(blob: Blob, key: Uint8Array): Uint8Array {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const packed = zlibSync(strToU8(JSON.stringify(blob)));
  const sealed = libsodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    packed,
    null,
    null,
    nonce,
    key,
  );
  return Uint8Array.from([...nonce, ...sealed]);
}

export function openBlob(bytes: Uint8Array, key: Uint8Array): Blob {
  const packed = libsodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
    null,
    bytes.subarray(NONCE_BYTES),
    null,
    bytes.subarray(0, NONCE_BYTES),
    key,
  );
  return JSON.parse(strFromU8(unzlibSync(packed))) as Blob;
}
