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

/** A change of identity that has begun; nothing shows its private keys. */
export interface PreparedRotation {
  /** The keys that the user had, which may have leaked. */
  readonly from: Identity;
  /** Those that follow. The same as `from` once only the clearing up is left. */
  readonly to: Identity;
  /** That of `to`; the user's first is 1. */
  readonly identityVersion: number;
}

/** Why an identity is locked: `lock` or `close` was called, or nobody was there any more. */
export interface LockEvent {
  readonly reason: 'called' | 'idle';
}

export interface KeyslotsEvents {
  readonly security: KeyslotEvent;
  /** The identity was unlocked and no longer is; its keys are wiped already. */
  readonly lock: LockEvent;
}

/**
 * A user's identity, sealed under one or more secrets of theirs. Slots are stored by the
 * project and kept on the device, sealed, so that unlocking works offline; no secret leaves
 * the device. Changing one replaces one document and no data. Whoever loses all of them
 * loses the data: nobody can reset them.
 *
 * Everything throws `SealsyncError`. `wrong_secret` does not tell why a secret opens nothing.
 * Calls that change a slot need the server, and `locked` ones an unlocked identity. They throw
 * `keyslots_changed` where another device changed the passphrase since this one unlocked, and
 * `rotation_pending` while a change of identity is not complete. `failed` is thrown where this
 * device cannot run Argon2id, with what to do.
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
  /**
   * Begins to replace an identity that may have leaked: makes the next one and seals it under
   * the same passphrase, beside all slots that there are. One that has begun already, on any
   * device, is resumed with the same keys. Unlocks. Throws `wrong_secret` as `unlock` does, also
   * where there is no passphrase, and `rotation_pending` where it was begun under another one.
   */
  prepareRotation(secret: { readonly passphrase: string }): Promise<PreparedRotation>;
  /**
   * Once every budget knows the next identity: puts it under the passphrase, and removes all
   * other slots, which hold the keys that leaked; add them again. `from` is wiped, and `to` is
   * the unlocked identity. To be called again if it fails; harmless once it is complete.
   */
  completeRotation(secret: { readonly passphrase: string }): Promise<void>;
  /** Whether a change of identity has begun and is not complete. */
  rotationPending(): Promise<boolean>;
  /**
   * Forgets the next identity, for who no longer knows the passphrase it was begun under.
   * Budgets that know it already have to invite the user again. Throws `locked`.
   */
  abandonRotation(): Promise<void>;
  /** Says that the user is there, which puts off the automatic lock. */
  touch(): void;
  /** Zeroes all identities, in all tabs of the app; whatever uses one throws. May be called twice. */
  lock(): void;
  /** Answers with its own removal. */
  on<E extends keyof KeyslotsEvents>(event: E, hear: (news: KeyslotsEvents[E]) => void): () => void;
  /** Locks, and closes the store. May be called twice. */
  close(): Promise<void>;
}

/** How the kit names its slots; the rules know the first two. */
export const PASSPHRASE_SLOT = 'passphrase';
export const RECOVERY_SLOT = 'recovery';
/** Holds the next identity while a rotation is under way; never unlocks, never has to stay. */
export const NEXT_SLOT = 'next';

export function toKeyslotSecret(secret: UnlockSecret): KeyslotSecret {
  if ('passphrase' in secret) return { kind: 'passphrase', passphrase: secret.passphrase };
  if ('recoveryPhrase' in secret) return { kind: 'recovery', phrase: secret.recoveryPhrase };
  return { kind: 'passkey', prfOutput: secret.passkeyPrf };
}
