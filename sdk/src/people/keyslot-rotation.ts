import { generateIdentity } from '../crypto/identity.js';
import { isSealsyncError } from '../errors.js';
import type { Random } from '../ports/random.js';
import { rolledBack } from './judge-keyslots.js';
import type { KeyslotEvent } from './keyslot-event.js';
import { keyslotsChanged, rotationPending, unlockFailed } from './keyslot-failure.js';
import { NEXT_SLOT, PASSPHRASE_SLOT } from './keyslots.js';
import { findSlot, requireRoom, type KeyslotView, type SlotStorage } from './slot-storage.js';
import { haveSameKeys, type Unlocked, type UnlockedKeys } from './unlocked-keys.js';

/*
 * From one identity to the next: the slot `next` is stored; budgets take the new keys up; the
 * slot `passphrase` is replaced; all others are removed, `next` last. Stopped anywhere, the
 * passphrase opens `passphrase`, and `next` too as long as anything is left to do.
 */

export interface View extends KeyslotView {
  /** How often the keys had been wiped when the slots were asked for. */
  readonly locks: number;
}

export interface KeyslotRotationDeps {
  readonly uid: string;
  readonly random: Random;
  readonly storage: SlotStorage;
  readonly keys: UnlockedKeys;
  readonly tell: (event: KeyslotEvent) => void;
  /** For who had to start over: what the slots are now. */
  readonly readOnline: () => Promise<View>;
}

export class KeyslotRotation {
  readonly #deps: KeyslotRotationDeps;

  constructor(deps: KeyslotRotationDeps) {
    this.#deps = deps;
  }

  /** The identity that follows `from`; `from` itself if only the clearing up is left. */
  async prepare(view: View, from: Unlocked, passphrase: string): Promise<Unlocked> {
    return (await this.#open(view, from, passphrase)) ?? this.#make(view, from, passphrase);
  }

  /** `from` is what the passphrase's slot holds. */
  async complete(view: View, from: Unlocked, passphrase: string): Promise<void> {
    const { storage, keys } = this.#deps;
    const next = findSlot(view.slots, NEXT_SLOT);
    if (!next) {
      // Complete already, unless the server hides what was prepared here.
      if (keys.next && !haveSameKeys(keys.next, from)) throw keyslotsChanged();
      keys.forgetNext();
      return;
    }
    const to = await this.#open(view, from, passphrase);
    if (to) await this.#moveTo(view, from, to, passphrase);
    await storage.remove(next);
  }

  /** The passphrase opens the next identity too, so it is put under the new one first. */
  async takeAlong(view: View, passphrase: string, former?: string): Promise<void> {
    const { storage } = this.#deps;
    const slot = findSlot(view.slots, NEXT_SLOT);
    if (!slot) return;
    const opened = await storage.open([slot], { passphrase });
    if (opened.ok) {
      opened.value.identity.wipe();
      return;
    }
    if (former === undefined) throw rotationPending();
    const found = await storage.open([slot], { passphrase: former });
    if (!found.ok) throw rotationPending();
    try {
      await storage.seal(view, NEXT_SLOT, { kind: 'passphrase', passphrase }, found.value);
    } finally {
      found.value.identity.wipe();
    }
  }

  /** Undefined if there is none to resume. */
  async #open(view: View, from: Unlocked, passphrase: string): Promise<Unlocked | undefined> {
    const { storage, keys, tell } = this.#deps;
    const slot = findSlot(view.slots, NEXT_SLOT);
    if (!slot) return undefined;
    const found = await storage.open([slot], { passphrase });
    if (!found.ok) {
      throw found.error.kind === 'wrong_secret' ? rotationPending() : unlockFailed(found.error);
    }
    const opened = found.value;
    if (opened.identityVersion === from.identityVersion + 1) {
      return keys.adoptNext(opened, view.locks);
    }
    opened.identity.wipe();
    if (haveSameKeys(opened, from)) return from;
    // Above it, it is the passphrase's slot that is old, and what is newer must not be lost.
    if (opened.identityVersion > from.identityVersion) throw keyslotsChanged();
    tell(rolledBack(NEXT_SLOT));
    return undefined;
  }

  async #make(view: View, from: Unlocked, passphrase: string): Promise<Unlocked> {
    const { uid, random, storage, keys, readOnline } = this.#deps;
    requireRoom(view, NEXT_SLOT);
    const identityVersion = from.identityVersion + 1;
    const made = { identity: generateIdentity(uid, random), identityVersion };
    try {
      await storage.seal(view, NEXT_SLOT, { kind: 'passphrase', passphrase }, made);
      return keys.adoptNext(made, view.locks);
    } catch (error) {
      made.identity.wipe();
      if (!isSealsyncError(error) || error.kind !== 'keyslots_changed') throw error;
    }
    // Another device began meanwhile, so its next identity is the one.
    const found = await this.#open(await readOnline(), from, passphrase);
    return found ?? Promise.reject(keyslotsChanged());
  }

  /** The passphrase first, since that has to stay; all of it may have happened already. */
  async #moveTo(view: View, from: Unlocked, to: Unlocked, passphrase: string): Promise<void> {
    const { storage, keys } = this.#deps;
    if (to !== from) {
      const lock = { kind: 'passphrase', passphrase } as const;
      keys.passphraseGeneration = await storage.seal(view, PASSPHRASE_SLOT, lock, to);
      keys.adopt(to, view.locks);
    }
    keys.forgetNext();
    for (const slot of view.listed) {
      if (![PASSPHRASE_SLOT, NEXT_SLOT].includes(slot.name)) await storage.remove(slot);
    }
  }
}
