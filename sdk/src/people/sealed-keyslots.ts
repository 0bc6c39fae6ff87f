import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Identity, generateIdentity, isWiped } from '../crypto/identity.js';
import type { NewKeyslotLock } from '../crypto/keyslot.js';
import { generateRecoveryPhrase } from '../crypto/recovery-phrase.js';
import { SealsyncError, isSealsyncError } from '../errors.js';
import { Listeners } from '../listeners.js';
import type { StoredKeyslot } from '../ports/keyslot-directory.js';
import type { TabChannel } from '../ports/tab-group.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import { IdleTimer } from './idle-timer.js';
import type { KeyslotEvent } from './keyslot-event.js';
import {
  keyslotsChanged,
  keyslotsClosed,
  keyslotsExist,
  lastSlot,
  noKeyslots,
  rotationPending,
  unlockFailed,
} from './keyslot-failure.js';
import {
  NEXT_SLOT,
  PASSPHRASE_SLOT,
  RECOVERY_SLOT,
  type KeyslotSummary,
  type Keyslots,
  type KeyslotsEvents,
  type LockEvent,
  type NewPasskey,
  type PreparedRotation,
  type UnlockSecret,
} from './keyslots.js';
import { KeyslotRotation, type View } from './keyslot-rotation.js';
import { summarizeSlot } from './open-slots.js';
import {
  type KeyslotView,
  SlotStorage,
  type SlotStorageOptions,
  findSlot,
  generationOf,
  isFirstUse,
  requireRoom,
} from './slot-storage.js';
import { type Unlocked, UnlockedKeys } from './unlocked-keys.js';

export interface KeyslotsOptions extends SlotStorageOptions {
  /** Never locks by itself without it. */
  readonly autoLockMs?: number;
  /** The app's other tabs. */
  readonly tabs?: TabChannel;
}

/** Other tabs hear of a user who is there so often at most. */
const TOUCH_INTERVAL_MS = 1_000;

/** `loadSodium` must have resolved. */
export function createKeyslots(options: KeyslotsOptions): Keyslots {
  return new SealedKeyslots(options);
}

interface ByPassphrase {
  readonly passphrase: string;
}

class SealedKeyslots implements Keyslots {
  readonly #options: KeyslotsOptions;
  readonly #storage: SlotStorage;
  readonly #listeners: { readonly [E in keyof KeyslotsEvents]: Listeners<KeyslotsEvents[E]> };
  readonly #idle: IdleTimer | undefined;
  readonly #keys: UnlockedKeys = new UnlockedKeys();
  readonly #rotation: KeyslotRotation;
  #isClosed = false;
  #lastTouchMs = Number.NEGATIVE_INFINITY;

  constructor(options: KeyslotsOptions) {
    const { uid, random, clock, logger, autoLockMs, tabs } = options;
    const onFailure = (): void => {
      logger.error('A listener for keyslot events failed');
    };
    const tell = (event: KeyslotEvent): void => {
      this.#listeners.security.tell(event);
    };
    this.#options = options;
    this.#listeners = { security: new Listeners(onFailure), lock: new Listeners(onFailure) };
    const storage = new SlotStorage(options, tell);
    const readOnline = (): Promise<View> => this.#readOnline();
    this.#storage = storage;
    this.#rotation = new KeyslotRotation({
      uid,
      random,
      storage,
      keys: this.#keys,
      tell,
      readOnline,
    });
    if (autoLockMs !== undefined) {
      this.#idle = new IdleTimer(clock, autoLockMs, () => {
        this.#lockEverywhere('idle');
      });
    }
    tabs?.onMessage(({ type }) => {
      if (type === 'lock') this.#lock('called');
      if (type === 'touch') this.#idle?.touch();
    });
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
    await this.#openExisting(view, change.from);
    await this.#rotation.takeAlong(view, change.to, change.from);
    await this.#store(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase: change.to });
  }

  async setPassphrase(passphrase: string): Promise<void> {
    this.#keys.require();
    const view = await this.#readOnline();
    await this.#rotation.takeAlong(view, passphrase);
    await this.#store(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase });
  }

  async addRecoveryPhrase(): Promise<string> {
    this.#keys.require();
    const view = await this.#readOnline();
    requireNoRotation(view);
    const phrase = await generateRecoveryPhrase(this.#options.random);
    await this.#store(view, RECOVERY_SLOT, { kind: 'recovery', phrase });
    return phrase;
  }

  async addPasskey({ prf, credentialId }: NewPasskey): Promise<string> {
    this.#keys.require();
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
    this.#keys.require();
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
    const from = await this.#openExisting(view, passphrase);
    const to = await this.#rotation.prepare(view, from, passphrase);
    return { from: from.identity, to: to.identity, identityVersion: to.identityVersion };
  }

  async completeRotation({ passphrase }: ByPassphrase): Promise<void> {
    const view = await this.#readOnline();
    const from = await this.#openExisting(view, passphrase);
    await this.#rotation.complete(view, from, passphrase);
    // Other tabs hold the keys that were replaced.
    if (isWiped(from.identity)) this.#options.tabs?.tell({ type: 'lock' });
  }

  async rotationPending(): Promise<boolean> {
    return findSlot((await this.#read()).slots, NEXT_SLOT) !== undefined;
  }

  async abandonRotation(): Promise<void> {
    this.#keys.require();
    const next = findSlot((await this.#readOnline()).slots, NEXT_SLOT);
    if (next) await this.#storage.remove(next);
    this.#keys.forgetNext();
  }

  touch(): void {
    this.#idle?.touch();
    const { tabs, clock } = this.#options;
    const passedMs = clock.now() - this.#lastTouchMs;
    if (this.#isClosed || (passedMs >= 0 && passedMs < TOUCH_INTERVAL_MS)) return;
    this.#lastTouchMs = clock.now();
    tabs?.tell({ type: 'touch' });
  }

  lock(): void {
    this.#lockEverywhere('called');
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
    this.#options.tabs?.close();
    this.#lock('called');
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
    const opened = await this.#storage.open(slots, secret);
    if (!opened.ok) throw unlockFailed(opened.error);
    const identity = this.#adopt(opened.value, view.locks);
    this.#keys.passphraseGeneration = generationOf(slots, PASSPHRASE_SLOT);
    await this.#storage.rememberView(view);
    return identity;
  }

  async #openExisting(view: View, passphrase: string): Promise<Unlocked> {
    if (isFirstUse(view)) throw noKeyslots();
    await this.#open(view, { passphrase });
    return this.#keys.require();
  }

  #adopt(opened: Unlocked, locks: number): Identity {
    const identity = this.#keys.adopt(opened, locks);
    this.#idle?.start();
    return identity;
  }

  async #store(view: View, name: string, lock: NewKeyslotLock): Promise<void> {
    const unlocked = this.#keys.require();
    requireRoom(view, name);
    // What is unlocked here may be an identity that another device has replaced.
    if (generationOf(view.slots, PASSPHRASE_SLOT) !== this.#keys.passphraseGeneration) {
      throw keyslotsChanged();
    }
    await this.#seal(view, name, lock, unlocked);
  }

  async #seal(view: View, slot: string, lock: NewKeyslotLock, unlocked: Unlocked): Promise<void> {
    const generation = await this.#storage.seal(view, slot, lock, unlocked);
    if (slot === PASSPHRASE_SLOT) this.#keys.passphraseGeneration = generation;
  }

  #lockEverywhere(reason: LockEvent['reason']): void {
    if (!this.#isClosed) this.#options.tabs?.tell({ type: 'lock' });
    this.#lock(reason);
  }

  #lock(reason: LockEvent['reason']): void {
    this.#idle?.stop();
    if (this.#keys.wipe()) this.#listeners.lock.tell({ reason });
  }

  async #readOnline(): Promise<View> {
    const view = await this.#read();
    if (view.failure) throw toSealsyncError(view.failure);
    return view;
  }

  async #read(): Promise<View> {
    if (this.#isClosed) throw keyslotsClosed();
    const { locks } = this.#keys;
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
