import type { PublicKeys } from '../model/membership.js';
import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/**
 * Where people publish their public keys, for first contact only: whoever serves it
 * can answer with keys of their own, so peers take the keys of members from the log.
 */
export interface UserDirectory {
  /** Publishes the keys of whoever is signed in, in place of earlier ones. */
  publishKeys(keys: PublicKeys, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /** `undefined` where nothing usable was published. */
  readKeys(uid: string, signal?: AbortSignal): Promise<Result<PublicKeys | undefined, RemoteError>>;
}
