import { equalBytes } from '../bytes.js';
import type { Identity } from '../crypto/identity.js';
import type { PublicKeys } from '../model/membership.js';

/**
 * The user's identity, and while it is being replaced the next one as well: of the two, the
 * one that a log knows is the one to sign with.
 */
export class OwnIdentities {
  #all: readonly Identity[];

  constructor(identity: Identity) {
    this.#all = [identity];
  }

  get uid(): string {
    return this.newest.uid;
  }

  get newest(): Identity {
    const newest = this.#all.at(-1);
    if (!newest) throw new Error('there is always an identity');
    return newest;
  }

  /** From the newest on. */
  get all(): readonly Identity[] {
    return [...this.#all].reverse();
  }

  /** The one that has these keys. */
  find(keys: PublicKeys): Identity | undefined {
    return this.#all.find(({ publicKeys }) => equalBytes(publicKeys.sign, keys.sign));
  }

  /** Makes `identity` the newest; earlier ones stay until {@link dropOthers}. */
  add(identity: Identity): void {
    const others = this.#all.filter(
      ({ publicKeys }) => !equalBytes(publicKeys.sign, identity.publicKeys.sign),
    );
    this.#all = [...others, identity];
  }

  /** Keeps the newest alone; the others are not wiped, since they are not ours. */
  dropOthers(): void {
    this.#all = [this.newest];
  }
}
