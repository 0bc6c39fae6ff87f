import type { DeviceId } from './ids.js';
import type { Role } from './roles.js';

/** A user's public identity: Ed25519 to verify, X25519 to wrap keys for; 32 bytes each. */
export interface PublicKeys {
  readonly sign: Uint8Array;
  readonly box: Uint8Array;
}

/** What an entry says about people. Peers take members and their keys from these alone. */
export type Statement =
  | { readonly type: 'genesis'; readonly keys: PublicKeys }
  | {
      readonly type: 'member_added';
      readonly uid: string;
      readonly role: Role;
      readonly keys: PublicKeys;
    }
  /** The entry is sealed under a new key; under it lies the one that it replaces. */
  | {
      readonly type: 'epoch_started';
      readonly previousEpoch: number;
      /** 32 bytes that commit to the key of that epoch. */
      readonly previousKid: Uint8Array;
      /** As `sealPreviousKey` makes it. */
      readonly previousKey: Uint8Array;
    }
  | { readonly type: 'member_removed'; readonly uid: string }
  | { readonly type: 'role_changed'; readonly uid: string; readonly role: Role }
  /** With the notice that the one who left has signed. */
  | { readonly type: 'member_left'; readonly uid: string; readonly notice: Uint8Array }
  | {
      readonly type: 'invite_created';
      /** 128 random bits in lower-case hex. */
      readonly inviteId: string;
      readonly role: Role;
      /** In ms since the Unix epoch. */
      readonly expiresAt: number;
      /** The invite's own, which only its link's secret gives the private halves of. */
      readonly keys: PublicKeys;
    }
  | { readonly type: 'invite_revoked'; readonly inviteId: string }
  /** With what the newcomer and the invite's key have signed. */
  | { readonly type: 'joined'; readonly inviteId: string; readonly acceptance: Uint8Array }
  /** With what the author's old and new keys have signed. */
  | { readonly type: 'identity_rotated'; readonly rotation: Uint8Array }
  /** The author's device, which the entry's header names. */
  | { readonly type: 'device_named'; readonly name: string }
  | { readonly type: 'device_revoked'; readonly device: DeviceId }
  /** SHA-256 of what the log up to the entry before this one folds to; alone in its entry. */
  | { readonly type: 'state_digest'; readonly digest: Uint8Array }
  /** What was stated at `seq` is not what the author has folded; alone in its entry. */
  | { readonly type: 'digest_disputed'; readonly seq: number };

/** What is said of the state, not of people. */
export type DigestStatement = Extract<Statement, { type: 'state_digest' | 'digest_disputed' }>;

export const isDigestStatement = (statement: Statement): statement is DigestStatement =>
  statement.type === 'state_digest' || statement.type === 'digest_disputed';

export const MAX_MEMBERS = 50;
export const MAX_UID_LENGTH = 128;
export const MAX_DEVICE_NAME_LENGTH = 64;
