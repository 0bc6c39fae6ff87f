import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/** An epoch key, wrapped for one recipient. Whoever serves it can swap, alter and delete it. */
export interface StoredWrap {
  readonly epoch: number;
  /** 32 bytes that commit to the wrapped key. */
  readonly kid: Uint8Array;
  /** The uid of a member, or what `inviteRecipient` names an invite. */
  readonly recipient: string;
  readonly wrap: Uint8Array;
}

/** The most wraps that one `list` shows: 50 members and as many invites. */
export const MAX_LISTED_WRAPS = 100;

/** Where the epoch keys of one budget lie, each wrapped for one member or invite. */
export interface WrappedKeys {
  /** `undefined` where there is none, or nothing that could be one. */
  read(
    kid: Uint8Array,
    recipient: string,
    signal?: AbortSignal,
  ): Promise<Result<Uint8Array | undefined, RemoteError>>;
  /** Stores wraps, in place of earlier ones; in several commits where they are many. May be repeated. */
  put(wraps: readonly StoredWrap[], signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /** For whom the key `kid` lies there, whatever it is worth, in the order of their names. */
  list(kid: Uint8Array, signal?: AbortSignal): Promise<Result<readonly StoredWrap[], RemoteError>>;
}
