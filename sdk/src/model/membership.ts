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
    };
