import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { type Identity, generateIdentity } from '../crypto/identity.js';
import { type NewKeyslotLock, type OpenedKeyslot, sealKeyslot } from '../crypto/keyslot.js';
import { generateRecoveryPhrase } from '../crypto/recovery-phrase.js';
import { WipedKeyError } from '../crypto/wiped-key-error.js';
import { SealsyncError, isSealsyncError } from '../errors.js';
import { Listeners } from '../listeners.js';
import type { StoredKeyslot } from '../ports/keyslot-directory.js';
import type { Random } from '../ports/random.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import { IdleTimer } from './idle-timer.js';
import { rolledBack } from './judge-keyslots.js';
import {
  keyslotsChanged,
  keyslotsClosed,
  keyslotsExist,
  lastSlot,
  noKeyslots,
  rotationPending,
  stillLocked,
  unlockFailed,
} from './keyslot-failure.js';
import {
  NEXT_SLOT,
  PASSPHRASE_SLOT,
  RECOVERY_SLOT,
  toKeyslotSecret,
  type KeyslotSummary,
  type Keyslots,
  type KeyslotsEvents,
  type LockEvent,
  type NewPasskey,
  type PreparedRotation,
  type UnlockSecret,
} from './keyslots.js';
import { openSlots, summarizeSlot } from './open-slots.js';
import {
  type KeyslotView,
  SlotStorage,
  type SlotStorageOptions,
  findSlot,
  generationOf,
  isFirstUse,
  requireRoom,
} from './slot-storage.js';

export interface KeyslotsOptions extends SlotStorageOptions {
  readonly random: Random;
  /** Never locks by itself without it. */
  readonly autoLockMs?: number;
}

/** `loadSodium` must have resolved. */
export function createKeyslots(options: KeyslotsOptions): Keyslots {
  return new SealedKeyslots(options);
}

interface View extends KeyslotView {
  /** How often `lock` had been called when the slots were asked for. */
  readonly locks: number;
}

interface ByPassphrase {
  readonly passphrase: string;
}

type Unlocked = Pick<OpenedKeyslot, 'identity' | 'identityVersion'>;

class SealedKeyslots implements Keyslots {
  readonly #options: KeyslotsOptions;
  readonly #storage: SlotStorage;
  readonly #listeners: { readonly [E in keyof KeyslotsEvents]: Listeners<KeyslotsEvents[E]> };
  readonly #idle: IdleTimer | undefined;
  #unlocked: Unlocked | undefined;
  /** What a rotation that is under way leads to. */
  #next: Unlocked | undefined;
  /** Of the passphrase's slot when this device unlocked or changed it. */
  #passphraseGeneration = 0;
  #locks = 0;
  #isClosed = false;

  constructor(options: KeyslotsOptions) {
    const { clock, logger, autoLockMs } = options;
    const onFailure = (): void => {
      logger.error('A listener for keyslot events failed');
    };
    this.#options = options;
    this.#listeners = { security: new Listeners(onFailure), lock: new Listeners(onFailure) };
    this.#storage = new SlotStorage(options, (event) => {
      this.#listeners.security.tell(event);
    });
    if (autoLockMs !== undefined) {
      this.#idle = new IdleTimer(clock, autoLockMs, () => {
        this.#lock('idle');
      });
    }
  }

  async unlockOrCreate(secret: ByPassphrase): Promise<Identity> {
    const view = await this.#read();
    if (!isFirstUse(view)) return this.#open(view, secret);
    try {
      return await this.#create(view, secret.passphrase);
    } catch (error) {
      // Another device was faster, so its identity is the one.
      if (isSealsyncError(error) && error.kind === 'keyslots_changed') return this.unlock(secret);
      throw error;
    }
  }

  async create(secret: ByPassphrase): Promise<Identity> {
    const view = await this.#readOnline();
    if (!isFirstUse(view)) throw keyslotsExist();
    return this.#create(view, secret.passphrase);
  }

  async unlock(secret: UnlockSecret): Promise<Identity> {
    const view = await this.#read();
    if (isFirstUse(view)) throw noKeyslots();
    return this.#open(view, secret);
  }

  async changePassphrase(change: { readonly from: string; readonly to: string }): Promise<void> {
    const view = await this.#readOnline();
    if (isFirstUse(view)) throw noKeyslots();
    await this.#open(view, { passphrase: change.from });
    await this.#takeNextAlong(view, change.to, change.from);
    await this.#store(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase: change.to });
  }

  async setPassphrase(passphrase: string): Promise<void> {
    this.#requireUnlocked();
    const view = await this.#readOnline();
    await this.#takeNextAlong(view, passphrase);
    await this.#store(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase });
  }

  async addRecoveryPhrase(): Promise<string> {
    this.#requireUnlocked();
    const view = await this.#readOnline();
    requireNoRotation(view);
    const phrase = await generateRecoveryPhrase(this.#options.random);
    await this.#store(view, RECOVERY_SLOT, { kind: 'recovery', phrase });
    return phrase;
  }

  async addPasskey({ prf, credentialId }: NewPasskey): Promise<string> {
    this.#requireUnlocked();
    if (prf.length !== 32 || credentialId.length < 1 || credentialId.length > 1023) {
      throw new SealsyncError(
        'bad_input',
        "A passkey's PRF has 32 bytes, and its credential id 1 to 1023.",
      );
    }
    const view = await this.#readOnline();
    requireNoRotation(view);
    const name = `passkey-${bytesToHex(sha256(credentialId)).slice(0, 16)}`;
    await this.#store(view, name, { kind: 'passkey', prfOutput: prf, credentialId });
    return name;
  }

  async removeSlot(name: string): Promise<void> {
    this.#requireUnlocked();
    const slots = ordinarySlots(await this.#readOnline());
    const slot = findSlot(slots, name);
    if (!slot) throw new SealsyncError('bad_input', 'There is no keyslot of this name: list them.');
    const stays = (other: StoredKeyslot): boolean =>
      other !== slot && [PASSPHRASE_SLOT, RECOVERY_SLOT].includes(other.name);
    if (!slots.some(stays)) throw lastSlot();
    await this.#storage.remove(slot);
  }

  async list(): Promise<readonly KeyslotSummary[]> {
    return ordinarySlots(await this.#read()).map(summarizeSlot);
  }

  async prepareRotation({ passphrase }: ByPassphrase): Promise<PreparedRotation> {
    const view = await this.#readOnline();
    if (isFirstUse(view)) throw noKeyslots();
    await this.#open(view, { passphrase });
    const from = this.#requireUnlocked();
    const to =
      (await this.#openNext(view, passphrase, from)) ??
      (await this.#makeNext(view, from, passphrase));
    return { from: from.identity, to: to.identity, identityVersion: to.identityVersion };
  }

  async completeRotation({ passphrase }: ByPassphrase): Promise<void> {
    const view = await this.#readOnline();
    if (isFirstUse(view)) throw noKeyslots();
    const prepared = this.#next;
    await this.#open(view, { passphrase });
    const from = this.#requireUnlocked();
    const next = findSlot(view.slots, NEXT_SLOT);
    if (!next) {
      // Complete already, unless the server hides what was prepared here.
      if (prepared && !haveSameKeys(prepared, from)) throw keyslotsChanged();
      this.#forgetNext();
      return;
    }
    const to = await this.#openNext(view, passphrase, from);
    if (to) await this.#moveTo(view, to, passphrase);
    await this.#storage.remove(next);
  }

  async rotationPending(): Promise<boolean> {
    return findSlot((await this.#read()).slots, NEXT_SLOT) !== undefined;
  }

  async abandonRotation(): Promise<void> {
    this.#requireUnlocked();
    const next = findSlot((await this.#readOnline()).slots, NEXT_SLOT);
    if (next) await this.#storage.remove(next);
    this.#forgetNext();
  }

  touch(): void {
    this.#idle?.touch();
  }

  lock(): void {
    this.#lock('called');
  }

  on<E extends keyof KeyslotsEvents>(
    event: E,
    hear: (news: KeyslotsEvents[E]) => void,
  ): () => void {
    const listeners: Listeners<KeyslotsEvents[E]> = this.#listeners[event];
    return listeners.add(hear);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.lock();
    this.#listeners.security.clear();
    this.#listeners.lock.clear();
    await this.#options.store.close();
  }

  async #create(view: View, passphrase: string): Promise<Identity> {
    const { uid, random } = this.#options;
    const made = { identity: generateIdentity(uid, random), identityVersion: 1 };
    try {
      await this.#seal(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase }, made);
    } catch (error) {
      made.identity.wipe();
      throw error;
    }
    return this.#adopt(made, view.locks);
  }

  async #open(view: View, secret: UnlockSecret): Promise<Identity> {
    const slots = ordinarySlots(view);
    const opened = await this.#openOneOf(slots, secret);
    if (!opened.ok) throw unlockFailed(opened.error);
    const identity = this.#adopt(opened.value, view.locks);
    this.#passphraseGeneration = generationOf(slots, PASSPHRASE_SLOT);
    await this.#storage.rememberView(view);
    return identity;
  }

  #openOneOf(slots: readonly StoredKeyslot[], secret: UnlockSecret): ReturnType<typeof openSlots> {
    const { uid } = this.#options;
    return openSlots({
      slots,
      uid,
      secret: toKeyslotSecret(secret),
      onWeakened: (slot) => {
        const { message } = unlockFailed({ kind: 'weak_parameters', message: '' });
        this.#listeners.security.tell({ kind: 'keyslot_weakened', slot, message });
      },
    });
  }

  /** One identity at a time: whoever uses the earlier one keeps it while its keys are the same. */
  #adopt(opened: Unlocked, locks: number): Identity {
    this.#requireNotLockedSince(locks, opened);
    this.#idle?.start();
    const current = this.#unlocked;
    if (current && haveSameKeys(current, opened)) {
      opened.identity.wipe();
      return current.identity;
    }
    current?.identity.wipe();
    this.#unlocked = { identity: opened.identity, identityVersion: opened.identityVersion };
    return opened.identity;
  }

  /** The next identity, or `from` if that is it already; undefined if there is none to resume. */
  async #openNext(view: View, passphrase: string, from: Unlocked): Promise<Unlocked | undefined> {
    const slot = findSlot(view.slots, NEXT_SLOT);
    if (!slot) return undefined;
    const found = await this.#openOneOf([slot], { passphrase });
    if (!found.ok) {
      throw found.error.kind === 'wrong_secret' ? rotationPending() : unlockFailed(found.error);
    }
    const opened = found.value;
    if (opened.identityVersion === from.identityVersion + 1) {
      return this.#adoptNext(opened, view.locks);
    }
    opened.identity.wipe();
    if (haveSameKeys(opened, from)) return from;
    // Above it, it is the passphrase's slot that is old, and what is newer must not be lost.
    if (opened.identityVersion > from.identityVersion) throw keyslotsChanged();
    this.#listeners.security.tell(rolledBack(NEXT_SLOT));
    return undefined;
  }

  async #makeNext(view: View, from: Unlocked, passphrase: string): Promise<Unlocked> {
    const { uid, random } = this.#options;
    requireRoom(view, NEXT_SLOT);
    const identityVersion = from.identityVersion + 1;
    const made = { identity: generateIdentity(uid, random), identityVersion };
    try {
      await this.#seal(view, NEXT_SLOT, { kind: 'passphrase', passphrase }, made);
      return this.#adoptNext(made, view.locks);
    } catch (error) {
      made.identity.wipe();
      if (!isSealsyncError(error) || error.kind !== 'keyslots_changed') throw error;
    }
    // Another device began meanwhile, so its next identity is the one.
    const found = await this.#openNext(await this.#readOnline(), passphrase, from);
    return found ?? Promise.reject(keyslotsChanged());
  }

  #adoptNext(opened: Unlocked, locks: number): Unlocked {
    this.#requireNotLockedSince(locks, opened);
    if (this.#next && haveSameKeys(this.#next, opened)) {
      opened.identity.wipe();
      return this.#next;
    }
    this.#forgetNext();
    this.#next = { identity: opened.identity, identityVersion: opened.identityVersion };
    return this.#next;
  }

  /** The passphrase first, since that has to stay; all of it may have happened already. */
  async #moveTo(view: View, to: Unlocked, passphrase: string): Promise<void> {
    if (to !== this.#unlocked) {
      await this.#seal(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase }, to);
      this.#adopt(to, view.locks);
    }
    if (this.#next === to) this.#next = undefined;
    this.#forgetNext();
    for (const slot of view.listed) {
      if (![PASSPHRASE_SLOT, NEXT_SLOT].includes(slot.name)) await this.#storage.remove(slot);
    }
  }

  /** The passphrase opens the next identity too, so it is put under the new one first. */
  async #takeNextAlong(view: View, passphrase: string, former?: string): Promise<void> {
    const slot = findSlot(view.slots, NEXT_SLOT);
    if (!slot) return;
    const opened = await this.#openOneOf([slot], { passphrase });
    if (opened.ok) {
      opened.value.identity.wipe();
      return;
    }
    if (former === undefined) throw rotationPending();
    const sealed = await this.#openOneOf([slot], { passphrase: former });
    if (!sealed.ok) throw rotationPending();
    try {
      await this.#seal(view, NEXT_SLOT, { kind: 'passphrase', passphrase }, sealed.value);
    } finally {
      sealed.value.identity.wipe();
    }
  }

  async #store(view: View, name: string, lock: NewKeyslotLock): Promise<void> {
    const unlocked = this.#requireUnlocked();
    requireRoom(view, name);
    // What is unlocked here may be an identity that another device has replaced.
    if (generationOf(view.slots, PASSPHRASE_SLOT) !== this.#passphraseGeneration) {
      throw keyslotsChanged();
    }
    await this.#seal(view, name, lock, unlocked);
  }

  async #seal(view: View, slot: string, lock: NewKeyslotLock, unlocked: Unlocked): Promise<void> {
    const { random } = this.#options;
    const generation = this.#storage.nextGeneration(view, slot);
    const sealed = await sealKeyslot({ ...unlocked, slot, generation, lock, random }).catch(
      (error: unknown) => {
        throw error instanceof WipedKeyError ? stillLocked() : error;
      },
    );
    if (!sealed.ok) {
      const { kind, message } = sealed.error;
      throw new SealsyncError(kind === 'kdf_failed' ? 'failed' : kind, message);
    }
    await this.#storage.put(view, { name: slot, generation, bytes: sealed.value });
    if (slot === PASSPHRASE_SLOT) this.#passphraseGeneration = generation;
  }

  #lock(reason: LockEvent['reason']): void {
    const unlocked = this.#unlocked;
    this.#locks += 1;
    this.#idle?.stop();
    this.#forgetNext();
    unlocked?.identity.wipe();
    this.#unlocked = undefined;
    if (unlocked) this.#listeners.lock.tell({ reason });
  }

  #forgetNext(): void {
    this.#next?.identity.wipe();
    this.#next = undefined;
  }

  #requireUnlocked(): Unlocked {
    if (!this.#unlocked) throw stillLocked();
    return this.#unlocked;
  }

  #requireNotLockedSince(locks: number, { identity }: Unlocked): void {
    if (locks === this.#locks) return;
    identity.wipe();
    throw stillLocked();
  }

  async #readOnline(): Promise<View> {
    const view = await this.#read();
    if (view.failure) throw toSealsyncError(view.failure);
    return view;
  }

  async #read(): Promise<View> {
    if (this.#isClosed) throw keyslotsClosed();
    const locks = this.#locks;
    return { ...(await this.#storage.read()), locks };
  }
}

/** All that unlock. */
const ordinarySlots = ({ slots }: KeyslotView): readonly StoredKeyslot[] =>
  slots.filter(({ name }) => name !== NEXT_SLOT);

/** A slot that is added now would hold the keys that leaked. */
function requireNoRotation({ slots }: KeyslotView): void {
  if (findSlot(slots, NEXT_SLOT)) throw rotationPending();
}

const haveSameKeys = (one: Unlocked, other: Unlocked): boolean =>
  equalBytes(one.identity.publicKeys.sign, other.identity.publicKeys.sign);
