import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { fingerprintOf } from '../crypto/fingerprint.js';
import type { Member } from '../model/people.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';

const PREFIX = 'verified/';

/**
 * Whose safety number this device's user has compared. The mark is of the keys, so it falls
 * away when they change.
 */
export class VerifiedMembers {
  readonly #store: LocalStore;
  readonly #marks: Map<string, Uint8Array>;

  private constructor(store: LocalStore, marks: Map<string, Uint8Array>) {
    this.#store = store;
    this.#marks = marks;
  }

  static async load(store: LocalStore): Promise<Result<VerifiedMembers, StoreError>> {
    const stored = await store.list(PREFIX);
    return stored.ok ? ok(new VerifiedMembers(store, new Map(stored.value))) : stored;
  }

  has(uid: string, { keys }: Pick<Member, 'keys'>): boolean {
    const mark = this.#marks.get(keyOf(uid));
    return mark !== undefined && equalBytes(mark, fingerprintOf({ uid, publicKeys: keys }));
  }

  async mark(uid: string, { keys }: Pick<Member, 'keys'>): Promise<Result<void, StoreError>> {
    const fingerprint = fingerprintOf({ uid, publicKeys: keys });
    const stored = await this.#store.commit({ put: new Map([[keyOf(uid), fingerprint]]) });
    if (stored.ok) this.#marks.set(keyOf(uid), fingerprint);
    return stored;
  }
}

/** Uids may hold what a store's keys may not. */
const keyOf = (uid: string): string => PREFIX + bytesToHex(sha256(utf8ToBytes(uid))).slice(0, 32);
