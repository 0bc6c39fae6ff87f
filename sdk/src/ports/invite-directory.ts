import type { Role } from '../model/roles.js';
import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/** An invite as it is stored. It gates access and proves nothing: the log and the link do. */
export interface StoredInvite {
  /** 32 lower-case hex digits. */
  readonly inviteId: string;
  readonly role: Role;
  /** Uid of the owner who made it. */
  readonly by: string;
  /** In ms since the Unix epoch. */
  readonly expiresAt: number;
  readonly revoked: boolean;
  /** Uid of who accepted it; absent until then. */
  readonly usedBy?: string;
  /** What that user signed, see `makeAcceptance`; absent until then. */
  readonly acceptance?: Uint8Array;
}

export interface NewInvite extends Pick<StoredInvite, 'inviteId' | 'role' | 'expiresAt'> {
  /** SHA-256 of the access value. */
  readonly accessHash: Uint8Array;
}

export interface InviteAcceptance {
  readonly inviteId: string;
  readonly role: Role;
  /** 32 bytes that only the link gives. */
  readonly access: Uint8Array;
  readonly acceptance: Uint8Array;
  /** The newcomer's own note of the budget, sealed. */
  readonly pin: Uint8Array;
}

/** The most invites that one list shows. */
export const MAX_LISTED_INVITES = 100;

/** The invites of one budget. */
export interface InviteDirectory {
  create(invite: NewInvite, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /** Open to whoever is signed in. `undefined` where there is none, or none that can be read. */
  read(
    inviteId: string,
    signal?: AbortSignal,
  ): Promise<Result<StoredInvite | undefined, RemoteError>>;
  /** The invites that `uid` accepted, for members. */
  listUsedBy(
    uid: string,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredInvite[], RemoteError>>;
  /** One commit: marks the invite used, adds the user to the members, stores the pin. */
  accept(acceptance: InviteAcceptance, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /** For owners; harmless where it is revoked already. */
  revoke(inviteId: string, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
}
