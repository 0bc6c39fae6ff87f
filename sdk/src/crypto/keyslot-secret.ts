import { type Result, err, ok } from '../result.js';
import type { KeyslotLock } from './keyslot-format.js';
import { type KdfFailedError, type WeakParametersError, deriveKeyArgon2id } from './passphrase.js';
import { readRecoveryPhrase } from './recovery-phrase.js';
import { sodium } from './sodium.js';

/** What a person or an authenticator gives to open a slot. */
export type KeyslotSecret =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'recovery'; readonly phrase: string }
  | {
      readonly kind: 'passkey';
      /** 32 bytes: the authenticator's PRF of {@link PASSKEY_PRF_INPUT}. */
      readonly prfOutput: Uint8Array;
    };

/** What a passkey's PRF is evaluated on (`prf.eval.first`, WebAuthn Level 3, 10.1.4). */
export const PASSKEY_PRF_INPUT: Uint8Array = new TextEncoder().encode('sealsync.v1 keyslot prf');

const PRF_OUTPUT_BYTES = 32;
const KDF_CONTEXT = 'sealslot';
const SEAL_KEY_ID = 1;
const COMMITMENT_KEY_ID = 2;

/** Two keys of 32 bytes, so that what is published to commit to the one tells nothing of it. */
export interface SlotKeys {
  readonly seal: Uint8Array;
  readonly commitment: Uint8Array;
}

interface WrongSecret {
  readonly kind: 'wrong_secret';
}

/** The keys of a slot with `lock`; `wrong_secret` if `secret` can be that of no such slot. */
export async function deriveSlotKeys(
  lock: KeyslotLock,
  secret: KeyslotSecret,
): Promise<Result<SlotKeys, WeakParametersError | KdfFailedError | WrongSecret>> {
  const stretched = await stretch(lock, secret);
  if (!stretched.ok) return stretched;
  const derive = (id: number): Uint8Array =>
    sodium().crypto_kdf_derive_from_key(32, id, KDF_CONTEXT, stretched.value);
  const keys = { seal: derive(SEAL_KEY_ID), commitment: derive(COMMITMENT_KEY_ID) };
  stretched.value.fill(0);
  return ok(keys);
}

async function stretch(
  lock: KeyslotLock,
  secret: KeyslotSecret,
): Promise<Result<Uint8Array, WeakParametersError | KdfFailedError | WrongSecret>> {
  if (lock.kind === 'passphrase' && secret.kind === 'passphrase') {
    // No slot is made with an empty one, and the KDF throws at it.
    if (secret.passphrase === '') return err({ kind: 'wrong_secret' });
    return deriveKeyArgon2id(secret.passphrase, lock.salt, lock.argon2id);
  }
  if (lock.kind === 'recovery' && secret.kind === 'recovery') {
    const entropy = await readRecoveryPhrase(secret.phrase);
    return entropy.ok ? entropy : err({ kind: 'wrong_secret' });
  }
  if (lock.kind === 'passkey' && secret.kind === 'passkey') {
    if (secret.prfOutput.length === PRF_OUTPUT_BYTES) return ok(Uint8Array.from(secret.prfOutput));
  }
  return err({ kind: 'wrong_secret' });
}
