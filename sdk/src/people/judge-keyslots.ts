import { equalBytes } from '../bytes.js';
import { parseKeyslot } from '../crypto/keyslot-format.js';
import { MAX_PLAUSIBLE_GENERATION, type StoredKeyslot } from '../ports/keyslot-directory.js';
import type { KeyslotEvent } from './keyslot-event.js';
import type { KeyslotRecord } from './keyslot-record.js';
import { NEXT_SLOT } from './keyslots.js';

export interface JudgedKeyslots {
  /** What may be used: of each name the newest that this device knows of. */
  readonly slots: readonly StoredKeyslot[];
  readonly events: readonly KeyslotEvent[];
}

/**
 * What the server lists, compared with what this device remembers. A device that has
 * never seen the newer slot cannot know that it is shown an older one.
 */
export function judgeKeyslots(
  listed: readonly StoredKeyslot[],
  record: KeyslotRecord,
): JudgedKeyslots {
  const judged = listed.map((slot) => {
    const known = record.get(slot.name);
    const isOld = known !== undefined && !mayFollow(slot, known);
    return { slot: isOld ? known : slot, isOld };
  });
  const events = judged.filter(({ isOld }) => isOld).map(({ slot }) => rolledBack(slot.name));
  // What cannot be read stays: it is no reason to take the user for a new one.
  const slots = judged
    .filter(({ slot, isOld }) => !isOld || slot.bytes.length > 0)
    .map(({ slot }) => slot);
  // With the next identity's slot alone nobody could unlock.
  const isUsable = slots.some(({ name }) => name !== NEXT_SLOT);
  if (isUsable || record.size === 0) return { slots, events };
  return { slots: usableSlots(record), events: [...events, missing()] };
}

/** What this device can open without the server. */
export const usableSlots = (record: KeyslotRecord): readonly StoredKeyslot[] =>
  [...record.values()].filter(({ bytes }) => bytes.length > 0);

/** What to remember once one of `slots` has opened: those, and that others are gone. */
export function slotsToRemember(
  slots: readonly StoredKeyslot[],
  record: KeyslotRecord,
): readonly StoredKeyslot[] {
  const names = new Set(slots.map(({ name }) => name));
  const gone = [...record.values()].filter(({ name }) => !names.has(name));
  return [
    ...slots.filter((slot) => isConsistent(slot)),
    ...gone.map((slot) => ({ ...slot, bytes: new Uint8Array() })),
  ];
}

function mayFollow(slot: StoredKeyslot, known: StoredKeyslot): boolean {
  if (slot.generation !== known.generation) return slot.generation > known.generation;
  return equalBytes(slot.bytes, known.bytes);
}

/** The plain copy of a generation proves nothing: only what the slot itself says is kept. */
function isConsistent({ name, generation, bytes }: StoredKeyslot): boolean {
  const parsed = parseKeyslot(bytes);
  if (!parsed.ok) return false;
  const { header } = parsed.value;
  const isPlausible = generation <= MAX_PLAUSIBLE_GENERATION;
  return isPlausible && header.slot === name && header.generation === generation;
}

const missing = (): KeyslotEvent => ({
  kind: 'keyslots_missing',
  message:
    'The server holds no keyslot any more, though this device has seen some: unlock here, set the passphrase again, and ask whoever runs the project.',
});

export const rolledBack = (slot: string): KeyslotEvent => ({
  kind: 'keyslot_rolled_back',
  slot,
  message:
    'The server shows an older keyslot than this device has seen: it is not used. Set its secret again, and ask whoever runs the project.',
});
