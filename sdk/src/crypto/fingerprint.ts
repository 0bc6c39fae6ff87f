import type { PublicKeys } from '../model/membership.js';
import { encodeLabelled } from './labelled.js';
import { KEYS_VERSION } from './read-array.js';
import { sodium } from './sodium.js';

/** Whose keys two people compare. */
export interface PublicIdentity {
  readonly uid: string;
  readonly publicKeys: PublicKeys;
}

const CHUNK_BYTES = 5;
const CHUNKS_PER_PERSON = 6;
const CHUNK_DIGITS = 5;

/** 32 bytes that stand for a uid and its two public keys. */
export function fingerprintOf({ uid, publicKeys }: PublicIdentity): Uint8Array {
  const content = encodeLabelled('fingerprint', [
    KEYS_VERSION,
    uid,
    publicKeys.sign,
    publicKeys.box,
  ]);
  return sodium().crypto_generichash(32, content, null);
}

/**
 * 60 digits in 12 groups of 5 that two people compare aloud, the same on both devices.
 * Composed as Signal's safety number is (libsignal, rust/protocol/src/fingerprint.rs): 30
 * digits of each, from 5 bytes a group, the smaller first. Signal iterates its hash 5,200
 * times against a search for keys with the same 30 digits; at 99 bits there is none without.
 */
export function safetyNumber(one: PublicIdentity, other: PublicIdentity): string {
  const halves = [digitsOf(fingerprintOf(one)), digitsOf(fingerprintOf(other))];
  return halves.sort().join(' ');
}

function digitsOf(fingerprint: Uint8Array): string {
  const view = new DataView(fingerprint.buffer, fingerprint.byteOffset, fingerprint.byteLength);
  const groups = Array.from({ length: CHUNKS_PER_PERSON }, (_, index) => {
    const at = index * CHUNK_BYTES;
    const value = view.getUint8(at) * 2 ** 32 + view.getUint32(at + 1);
    return String(value % 10 ** CHUNK_DIGITS).padStart(CHUNK_DIGITS, '0');
  });
  return groups.join(' ');
}
