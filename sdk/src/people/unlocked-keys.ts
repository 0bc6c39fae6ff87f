import { equalBytes } from '../bytes.js';
import type { Identity } from '../crypto/identity.js';
import type { OpenedKeyslot } from '../crypto/keyslot.js';
import { stillLocked } from './keyslot-failure.js';

export type Unlocked = Pick<OpenedKeyslot, 'identity' | 'identityVersion'>;

/** What is unlocked now, and what a rotation that is under way leads to. */
export class UnlockedKeys {
  /** Of the passphrase's slot when this device unlocked or changed it. */
  passphraseGeneration = 0;
  #current: Unlocked | undefined;
  #next: Unlocked | undefined;
  #locks = 0;

  /** How often `wipe` was called: what took longer than to the next call comes too late. */
  get locks(): number {
    return this.#locks;
  }

  get next(): Unlocked | undefined {
    return this.#next;
  }

  /** Throws `locked`. */
  require(): Unlocked {
    if (!this.#current) throw stillLocked();
    return this.#current;
  }

  /** One identity at a time: whoever uses the earlier one keeps it while its keys are the same. */
  adopt(opened: Unlocked, locks: number): Identity {
    this.#requireNotLockedSince(locks, opened);
    if (this.#current && haveSameKeys(this.#current, opened)) {
      if (this.#current.identity !== opened.identity) opened.identity.wipe();
      return this.#current.identity;
    }
    this.#current?.identity.wipe();
    this.#current = pick(opened);
    return opened.identity;
  }

  /** As `adopt`, of the identity that follows. */
  adoptNext(opened: Unlocked, locks: number): Unlocked {
    this.#requireNotLockedSince(locks, opened);
    if (this.#next && haveSameKeys(this.#next, opened)) {
      opened.identity.wipe();
      return this.#next;
    }
    this.forgetNext();
    this.#next = pick(opened);
    return this.#next;
  }

  /** Wipes the next identity, unless that is what is unlocked by now. */
  forgetNext(): void {
    if (this.#next?.identity !== this.#current?.identity) this.#next?.identity.wipe();
    this.#next = undefined;
  }

  /** Answers whether anything was unlocked. */
  wipe(): boolean {
    const wasUnlocked = this.#current !== undefined;
    this.#locks += 1;
    this.forgetNext();
    this.#current?.identity.wipe();
    this.#current = undefined;
    return wasUnlocked;
  }

  #requireNotLockedSince(locks: number, { identity }: Unlocked): void {
    if (locks === this.#locks) return;
    identity.wipe();
    throw stillLocked();
  }
}

export const haveSameKeys = (one: Unlocked, other: Unlocked): boolean =>
  equalBytes(one.identity.publicKeys.sign, other.identity.publicKeys.sign);

const pick = ({ identity, identityVersion }: Unlocked): Unlocked => ({ identity, identityVersion });
