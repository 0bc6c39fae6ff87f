import type { Result } from '../result.js';
import type { RemoteError } from './remote-log.js';

/** A keyslot as it is stored: sealed, and with a plain copy of its generation. */
export interface StoredKeyslot {
  /** Its name among the user's slots: 1 to 64 of `a-z0-9-`. */
  readonly name: string;
  /** 0 where what is stored is not a slot. */
  readonly generation: number;
  /** Empty where what is stored is not a slot. */
  readonly bytes: Uint8Array;
}

export interface KeyslotChange extends StoredKeyslot {
  /** The generation that is stored under this name now; 0 for none. */
  readonly after: number;
}

/** The most slots that are stored, since one list query has to show them all. */
export const MAX_KEYSLOTS = 20;

/** The highest generation that is read and stored. */
export const MAX_GENERATION: number = 2 ** 52;
/** Above it no app counts, so nothing is concluded from it: it would leave no room above. */
export const MAX_PLAUSIBLE_GENERATION: number = 2 ** 51;

/** Where a user's sealed keyslots lie. Whoever serves it can delete them and put back old ones. */
export interface KeyslotDirectory {
  /**
   * All of the user's slots. A failed read is an error, never an empty list, and what
   * cannot be read stays listed.
   */
  list(signal?: AbortSignal): Promise<Result<readonly StoredKeyslot[], RemoteError>>;
  /** Stores a slot. `denied` where another is stored than it says: another device was faster. */
  put(slot: KeyslotChange, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
  /** `denied` if neither the slot `passphrase` nor the slot `recovery` would stay. */
  remove(name: string, signal?: AbortSignal): Promise<Result<void, RemoteError>>;
}
