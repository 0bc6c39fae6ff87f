import { NONCE_BYTES } from './frame.js';
import { type RandomBytes, sodium } from './sodium.js';

/** A ciphertext with its 16-byte tag, and the 24-byte nonce it needs to open. */
export interface Sealed {
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** XChaCha20-Poly1305 with a random nonce; `bound` is the associated data. */
export function sealBytes(
  plaintext: Uint8Array,
  bound: Uint8Array,
  key: Uint8Array,
  random: RandomBytes,
): Sealed {
  const nonce = random.bytes(NONCE_BYTES);
  const ciphertext = sodium().crypto_aead_xchacha20poly1305_ietf_encrypt(
    plaintext,
    bound,
    null,
    nonce,
    key,
  );
  return { nonce, ciphertext };
}

/** The plaintext, or undefined if a byte of seal, `bound` or key differs. */
export function openBytes(
  { nonce, ciphertext }: Sealed,
  bound: Uint8Array,
  key: Uint8Array,
): Uint8Array | undefined {
  try {
    return sodium().crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, bound, nonce, key);
  } catch {
    return undefined;
  }
}
