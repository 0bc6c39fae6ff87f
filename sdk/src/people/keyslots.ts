import type { KeyslotLock } from '../crypto/keyslot-format.js';
import type { KeyslotSecret } from '../crypto/keyslot-secret.js';
import type { Identity } from '../crypto/identity.js';
import type { KeyslotEvent } from './keyslot-event.js';

/** What opens a slot. */
export type UnlockSecret =
  | { readonly passphrase: string }
  /** 24 words, whatever their case and spacing. */
  | { readonly recoveryPhrase: string }
  /** 32 bytes: a passkey's PRF of `PASSKEY_PRF_INPUT`. */
  | { readonly passkeyPrf: Uint8Array };

export interface NewPasskey {
  /** 32 bytes: its PRF of `PASSKEY_PRF_INPUT`. */
  readonly prf: Uint8Array;
  /** 1 to 1023 bytes; {@link KeyslotSummary} tells it again to whoever wants to unlock. */
  readonly credentialId: Uint8Array;
}

/** What can be seen of a slot without opening it. */
export interface KeyslotSummary {
  readonly name: string;
  /** `unknown` where a newer version of the app made it, or where it is damaged. */
  readonly kind: KeyslotLock['kind'] | 'unknown';
  /** Of a passkey. */
  readonly credentialId?: Uint8Array;
}

/**
 * A user's identity, sealed under one or more secrets of theirs. Slots are stored by the
 * project and kept on the device, sealed, so that unlocking works offline; no secret leaves
 * the device. Changing one replaces one document and no data. Whoever loses all of them
 * loses the data: nobody can reset them.
 *
 * Everything throws `SealsyncError`. `wrong_secret` does not tell why a secret opens nothing.
 * Calls that change a slot need the server, and `locked` ones an unlocked identity.
 */
export interface Keyslots {
  /**
   * Opens the identity, or makes a new one if the server says that there is no slot. A read
   * that fails never counts as none. Throws as `unlock` and `create` do.
   */
  unlockOrCreate(secret: { readonly passphrase: string }): Promise<Identity>;
  /** A new identity under its first passphrase. Throws `weak_passphrase`, `keyslots_exist`. */
  create(secret: { readonly passphrase: string }): Promise<Identity>;
  /**
   * Opens the identity, offline with the slots that this device has seen. The same one comes
   * back until `lock`. Throws `wrong_secret`, `weak_parameters`, `upgrade_required`,
   * `keyslots_missing`.
   */
  unlock(secret: UnlockSecret): Promise<Identity>;
  /**
   * Replaces the passphrase in one write; until that is stored, `from` opens. Unlocks.
   * Throws `wrong_secret` for `from`, `weak_passphrase` for `to`, `keyslots_changed`.
   */
  changePassphrase(change: { readonly from: string; readonly to: string }): Promise<void>;
  /** Sets a passphrase without the old one, for who unlocked otherwise. Throws `locked`. */
  setPassphrase(passphrase: string): Promise<void>;
  /** 24 words to write down, in place of earlier ones. Throws `locked`. */
  addRecoveryPhrase(): Promise<string>;
  /** Lets a passkey open the identity; answers with the slot's name. Throws `locked`. */
  addPasskey(passkey: NewPasskey): Promise<string>;
  /** Throws `locked`, and `last_slot` if neither a passphrase nor a recovery phrase would stay. */
  removeSlot(name: string): Promise<void>;
  list(): Promise<readonly KeyslotSummary[]>;
  /** Zeroes the identity; whatever still uses it throws. May be called twice. */
  lock(): void;
  /** Answers with its own removal. */
  on(event: 'security', hear: (event: KeyslotEvent) => void): () => void;
  /** Locks, and closes the store. May be called twice. */
  close(): Promise<void>;
}

/** How the kit names its slots; the rules know the first two. */
export const PASSPHRASE_SLOT = 'passphrase';
export const RECOVERY_SLOT = 'recovery';

export function toKeyslotSecret(secret: UnlockSecret): KeyslotSecret {
  if ('passphrase' in secret) return { kind: 'passphrase', passphrase: secret.passphrase };
  if ('recoveryPhrase' in secret) return { kind: 'recovery', phrase: secret.recoveryPhrase };
  return { kind: 'passkey', prfOutput: secret.passkeyPrf };
}
