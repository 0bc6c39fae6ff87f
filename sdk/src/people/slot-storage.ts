import { equalBytes } from '../bytes.js';
import { SealsyncError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import {
  MAX_GENERATION,
  MAX_KEYSLOTS,
  MAX_PLAUSIBLE_GENERATION,
  type KeyslotDirectory,
  type StoredKeyslot,
} from '../ports/keyslot-directory.js';
import type { LocalStore } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { RemoteError } from '../ports/remote-log.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import { judgeKeyslots, slotsToRemember, usableSlots } from './judge-keyslots.js';
import type { KeyslotEvent } from './keyslot-event.js';
import { keyslotsChanged, lastSlot, outcomeUnknown } from './keyslot-failure.js';
import { type KeyslotRecord, loadKeyslotRecord, rememberKeyslots } from './keyslot-record.js';

export interface SlotStorageOptions {
  readonly uid: string;
  readonly directory: KeyslotDirectory;
  /** Of this user on this device. */
  readonly store: LocalStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the slots are, as far as this device can tell. */
export interface KeyslotView {
  readonly slots: readonly StoredKeyslot[];
  readonly record: KeyslotRecord;
  /** What the server says that they are. */
  readonly listed: readonly StoredKeyslot[];
  /** Set where the server could not be asked. */
  readonly failure?: RemoteError;
}

/** The sealed slots on the server, judged by what this device remembers of them. */
export class SlotStorage {
  readonly #options: SlotStorageOptions;
  readonly #tell: (event: KeyslotEvent) => void;
  /** The highest generation that was given here. */
  #lastGiven = 0;

  constructor(options: SlotStorageOptions, tell: (event: KeyslotEvent) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  async read(): Promise<KeyslotView> {
    const { directory, store, uid } = this.#options;
    const record = await loadKeyslotRecord(store, uid);
    if (!record.ok) throw toSealsyncError(record.error);
    const listed = await directory.list();
    if (!listed.ok) {
      const slots = usableSlots(record.value);
      if (slots.length === 0) throw toSealsyncError(listed.error);
      return { slots, record: record.value, listed: [], failure: listed.error };
    }
    const judged = judgeKeyslots(listed.value, record.value);
    for (const event of judged.events) this.#tell(event);
    return { slots: judged.slots, record: record.value, listed: listed.value };
  }

  /**
   * Above every generation known here, and by the time also above those of slots that were
   * removed before this device saw them.
   */
  nextGeneration({ slots, record }: KeyslotView, name: string): number {
    const known = [...slots, ...record.values()]
      .filter((slot) => slot.name === name || slot.generation <= MAX_PLAUSIBLE_GENERATION)
      .map(({ generation }) => generation);
    const above = [this.#lastGiven, ...known].map((generation) => generation + 1);
    const next = Math.max(this.#options.clock.now(), ...above);
    // Stored above it, a slot could not be read again.
    if (next > MAX_GENERATION) {
      throw new SealsyncError(
        'failed',
        'The server shows this keyslot with an impossible generation, and nothing was stored: ask whoever runs the project to remove it.',
      );
    }
    this.#lastGiven = next;
    return next;
  }

  /** Replaces the slot of that name. A refusal may be a lost answer, so what is stored decides. */
  async put(view: KeyslotView, slot: StoredKeyslot): Promise<void> {
    const { directory } = this.#options;
    const after = generationOf(view.listed, slot.name);
    const put = await directory.put({ ...slot, after });
    if (!put.ok) {
      const listed = await directory.list();
      if (!listed.ok) throw outcomeUnknown(put.error);
      const found = listed.value.find(({ name }) => name === slot.name);
      if (!found || !equalBytes(found.bytes, slot.bytes)) {
        const hasChanged = generationOf(listed.value, slot.name) !== after;
        throw hasChanged ? keyslotsChanged() : toSealsyncError(put.error);
      }
    }
    await this.#remember([slot]);
  }

  async remove(slot: StoredKeyslot): Promise<void> {
    const { directory } = this.#options;
    const removed = await directory.remove(slot.name);
    if (!removed.ok) {
      const listed = await directory.list();
      const isGone = listed.ok && listed.value.every(({ name }) => name !== slot.name);
      if (!isGone) {
        throw removed.error.kind === 'denied' ? lastSlot() : toSealsyncError(removed.error);
      }
    }
    if (slot.generation > 0 && slot.generation <= MAX_PLAUSIBLE_GENERATION) {
      await this.#remember([{ ...slot, bytes: new Uint8Array() }]);
    }
  }

  /** To be called once one of the slots has opened. */
  async rememberView({ slots, record, failure }: KeyslotView): Promise<void> {
    if (!failure) await this.#remember(slotsToRemember(slots, record));
  }

  /** What the server took is done, so a full disk is no reason to call it failed. */
  async #remember(slots: readonly StoredKeyslot[]): Promise<void> {
    const { store, uid, logger } = this.#options;
    const remembered = await rememberKeyslots(store, uid, slots);
    if (!remembered.ok) logger.warn('The keyslots could not be kept on this device');
  }
}

/** Only if the server says that there is no slot, and this device never saw one. */
export const isFirstUse = ({ slots, record, failure }: KeyslotView): boolean =>
  slots.length === 0 && record.size === 0 && failure === undefined;

export const findSlot = (
  slots: readonly StoredKeyslot[],
  name: string,
): StoredKeyslot | undefined => slots.find((slot) => slot.name === name);

/** 0 for none. */
export const generationOf = (slots: readonly StoredKeyslot[], name: string): number =>
  findSlot(slots, name)?.generation ?? 0;

/** Throws `too_large` where another slot would be one too many. */
export function requireRoom({ slots }: KeyslotView, name: string): void {
  if (findSlot(slots, name) || slots.length < MAX_KEYSLOTS) return;
  throw new SealsyncError(
    'too_large',
    `There are ${String(MAX_KEYSLOTS)} keyslots: remove one first.`,
  );
}
