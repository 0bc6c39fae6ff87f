import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { type Identity, generateIdentity } from '../crypto/identity.js';
import {
  type NewKeyslotLock,
  type OpenKeyslotError,
  type OpenedKeyslot,
} from '../crypto/keyslot.js';
import { openKeyslot, sealKeyslot } from '../crypto/keyslot.js';
import { parseKeyslot } from '../crypto/keyslot-format.js';
import type { KeyslotSecret } from '../crypto/keyslot-secret.js';
import { generateRecoveryPhrase } from '../crypto/recovery-phrase.js';
import { SealsyncError, isSealsyncError } from '../errors.js';
import { Listeners } from '../listeners.js';
import type { Clock } from '../ports/clock.js';
import {
  MAX_KEYSLOTS,
  type KeyslotChange,
  type KeyslotDirectory,
  type StoredKeyslot,
} from '../ports/keyslot-directory.js';
import type { LocalStore } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { RemoteError } from '../ports/remote-log.js';
import { type Result, err } from '../result.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import { judgeKeyslots, slotsToRemember, usableSlots } from './judge-keyslots.js';
import type { KeyslotEvent } from './keyslot-event.js';
import {
  keyslotsChanged,
  keyslotsExist,
  lastSlot,
  noKeyslots,
  outcomeUnknown,
  stillLocked,
  unlockFailed,
} from './keyslot-failure.js';
import { type KeyslotRecord, loadKeyslotRecord, rememberKeyslots } from './keyslot-record.js';
import {
  PASSPHRASE_SLOT,
  RECOVERY_SLOT,
  toKeyslotSecret,
  type KeyslotSummary,
  type Keyslots,
  type NewPasskey,
  type UnlockSecret,
} from './keyslots.js';

export interface KeyslotsOptions {
  readonly uid: string;
  readonly directory: KeyslotDirectory;
  /** Of this user on this device. */
  readonly store: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** `loadSodium` must have resolved. */
export function createKeyslots(options: KeyslotsOptions): Keyslots {
  return new SealedKeyslots(options);
}

/** What the slots are, as far as this device can tell. */
interface View {
  readonly slots: readonly StoredKeyslot[];
  readonly record: KeyslotRecord;
  /** What the server says that they are. */
  readonly listed: readonly StoredKeyslot[];
  /** How often `lock` had been called when the slots were asked for. */
  readonly locks: number;
  /** Set where the server could not be asked. */
  readonly failure?: RemoteError;
}

type Unlocked = Pick<OpenedKeyslot, 'identity' | 'identityVersion'>;

class SealedKeyslots implements Keyslots {
  readonly #options: KeyslotsOptions;
  readonly #listeners: Listeners<KeyslotEvent>;
  #unlocked: Unlocked | undefined;
  #locks = 0;

  constructor(options: KeyslotsOptions) {
    this.#options = options;
    this.#listeners = new Listeners(() => {
      options.logger.error('A listener for keyslot events failed');
    });
  }

  async unlockOrCreate(secret: { readonly passphrase: string }): Promise<Identity> {
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

  async create(secret: { readonly passphrase: string }): Promise<Identity> {
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
    await this.#store(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase: change.to });
  }

  async setPassphrase(passphrase: string): Promise<void> {
    this.#requireUnlocked();
    const view = await this.#readOnline();
    await this.#store(view, PASSPHRASE_SLOT, { kind: 'passphrase', passphrase });
  }

  async addRecoveryPhrase(): Promise<string> {
    this.#requireUnlocked();
    const view = await this.#readOnline();
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
    const name = `passkey-${bytesToHex(sha256(credentialId)).slice(0, 16)}`;
    await this.#store(view, name, { kind: 'passkey', prfOutput: prf, credentialId });
    return name;
  }

  async removeSlot(name: string): Promise<void> {
    this.#requireUnlocked();
    const { slots } = await this.#readOnline();
    const slot = slots.find((each) => each.name === name);
    if (!slot) throw new SealsyncError('bad_input', 'There is no keyslot of this name: list them.');
    const stays = (other: StoredKeyslot): boolean =>
      other !== slot && [PASSPHRASE_SLOT, RECOVERY_SLOT].includes(other.name);
    if (!slots.some(stays)) throw lastSlot();
    await this.#remove(name);
    await this.#remember([{ ...slot, bytes: new Uint8Array() }]);
  }

  async list(): Promise<readonly KeyslotSummary[]> {
    const { slots } = await this.#read();
    return slots.map(summarize);
  }

  lock(): void {
    this.#locks += 1;
    this.#unlocked?.identity.wipe();
    this.#unlocked = undefined;
  }

  on(_event: 'security', hear: (event: KeyslotEvent) => void): () => void {
    return this.#listeners.add(hear);
  }

  async close(): Promise<void> {
    this.lock();
    this.#listeners.clear();
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
    const opened = await this.#openFirst(view.slots, toKeyslotSecret(secret));
    if (!opened.ok) throw unlockFailed(opened.error.kind);
    const identity = this.#adopt(opened.value, view.locks);
    if (!view.failure) await this.#remember(slotsToRemember(view.slots, view.record));
    return identity;
  }

  /** Tries every slot of the secret's kind; there is one, or one for each passkey. */
  async #openFirst(
    slots: readonly StoredKeyslot[],
    secret: KeyslotSecret,
  ): Promise<Result<OpenedKeyslot, { kind: OpenKeyslotError['kind'] }>> {
    const ofKind = (kind: KeyslotSummary['kind']): readonly StoredKeyslot[] =>
      slots.filter((slot) => summarize(slot).kind === kind);
    const fitting = ofKind(secret.kind);
    const { uid } = this.#options;
    let kind: OpenKeyslotError['kind'] = 'wrong_secret';
    for (const slot of fitting.length > 0 ? fitting : ofKind('unknown')) {
      const opened = await openKeyslot({ bytes: slot.bytes, uid, slot: slot.name, secret });
      if (!opened.ok) {
        if (kind === 'wrong_secret') kind = opened.error.kind;
        if (opened.error.kind === 'weak_parameters') this.#reportWeakened(slot.name);
        continue;
      }
      if (opened.value.generation === slot.generation) return opened;
      opened.value.identity.wipe();
    }
    return err({ kind });
  }

  #reportWeakened(slot: string): void {
    this.#listeners.tell({
      kind: 'keyslot_weakened',
      slot,
      message: unlockFailed('weak_parameters').message,
    });
  }

  /** One identity at a time: whoever uses the earlier one keeps it while its keys are the same. */
  #adopt(opened: Unlocked, locks: number): Identity {
    if (locks !== this.#locks) {
      opened.identity.wipe();
      throw stillLocked();
    }
    const current = this.#unlocked?.identity;
    if (current && equalBytes(current.publicKeys.sign, opened.identity.publicKeys.sign)) {
      opened.identity.wipe();
      return current;
    }
    current?.wipe();
    this.#unlocked = { identity: opened.identity, identityVersion: opened.identityVersion };
    return opened.identity;
  }

  #requireUnlocked(): Unlocked {
    if (!this.#unlocked) throw stillLocked();
    return this.#unlocked;
  }

  async #store(view: View, name: string, lock: NewKeyslotLock): Promise<void> {
    const isNew = view.slots.every((slot) => slot.name !== name);
    if (isNew && view.slots.length >= MAX_KEYSLOTS) {
      throw new SealsyncError('too_large', `There are ${MAX_KEYSLOTS} keyslots: remove one first.`);
    }
    await this.#seal(view, name, lock, this.#requireUnlocked());
  }

  async #seal(view: View, slot: string, lock: NewKeyslotLock, unlocked: Unlocked): Promise<void> {
    const { random } = this.#options;
    const generation = this.#nextGeneration(view);
    const sealed = await sealKeyslot({ ...unlocked, slot, generation, lock, random }).catch(
      (error: unknown) => {
        // Sealing takes a while, and what lock() has wiped throws.
        throw view.locks === this.#locks ? error : stillLocked();
      },
    );
    if (!sealed.ok) throw new SealsyncError(sealed.error.kind, sealed.error.message);
    const stored = { name: slot, generation, bytes: sealed.value };
    await this.#put({ ...stored, after: generationOf(view.listed, slot) });
    await this.#remember([stored]);
  }

  /**
   * Above every generation known here, and by the time also above those of slots that were
   * removed before this device saw them.
   */
  #nextGeneration({ slots, record }: View): number {
    const known = [...slots, ...record.values()].map(({ generation }) => generation);
    return Math.max(this.#options.clock.now(), ...known.map((generation) => generation + 1));
  }

  /** A refusal may be a lost answer to an earlier attempt, so what is stored decides. */
  async #put(slot: KeyslotChange): Promise<void> {
    const { directory } = this.#options;
    const put = await directory.put(slot);
    if (put.ok) return;
    const listed = await directory.list();
    if (!listed.ok) throw outcomeUnknown(put.error);
    const found = listed.value.find(({ name }) => name === slot.name);
    if (found && equalBytes(found.bytes, slot.bytes)) return;
    const hasChanged = generationOf(listed.value, slot.name) !== slot.after;
    throw hasChanged ? keyslotsChanged() : toSealsyncError(put.error);
  }

  async #remove(name: string): Promise<void> {
    const { directory } = this.#options;
    const removed = await directory.remove(name);
    if (removed.ok) return;
    const listed = await directory.list();
    if (listed.ok && listed.value.every((slot) => slot.name !== name)) return;
    throw removed.error.kind === 'denied' ? lastSlot() : toSealsyncError(removed.error);
  }

  async #readOnline(): Promise<View> {
    const view = await this.#read();
    if (view.failure) throw toSealsyncError(view.failure);
    return view;
  }

  async #read(): Promise<View> {
    const { directory, store, uid } = this.#options;
    const locks = this.#locks;
    const record = await loadKeyslotRecord(store, uid);
    if (!record.ok) throw toSealsyncError(record.error);
    const listed = await directory.list();
    if (!listed.ok) {
      const slots = usableSlots(record.value);
      if (slots.length === 0) throw toSealsyncError(listed.error);
      return { slots, record: record.value, listed: [], locks, failure: listed.error };
    }
    const judged = judgeKeyslots(listed.value, record.value);
    for (const event of judged.events) this.#listeners.tell(event);
    return { slots: judged.slots, record: record.value, listed: listed.value, locks };
  }

  /** What the server took is done, so a full disk is no reason to call it failed. */
  async #remember(slots: readonly StoredKeyslot[]): Promise<void> {
    const { store, uid, logger } = this.#options;
    const remembered = await rememberKeyslots(store, uid, slots);
    if (!remembered.ok) logger.warn('The keyslots could not be kept on this device');
  }
}

/** Only if the server says that there is no slot, and this device never saw one. */
const isFirstUse = ({ slots, record, failure }: View): boolean =>
  slots.length === 0 && record.size === 0 && failure === undefined;

const generationOf = (slots: readonly StoredKeyslot[], name: string): number =>
  slots.find((slot) => slot.name === name)?.generation ?? 0;

function summarize({ name, bytes }: StoredKeyslot): KeyslotSummary {
  const parsed = parseKeyslot(bytes);
  if (!parsed.ok) return { name, kind: 'unknown' };
  const { lock } = parsed.value.header;
  return lock.kind === 'passkey'
    ? { name, kind: lock.kind, credentialId: lock.credentialId }
    : { name, kind: lock.kind };
}
