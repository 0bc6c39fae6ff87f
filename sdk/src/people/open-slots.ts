import { type OpenKeyslotError, type OpenedKeyslot, openKeyslot } from '../crypto/keyslot.js';
import { parseKeyslot } from '../crypto/keyslot-format.js';
import type { KeyslotSecret } from '../crypto/keyslot-secret.js';
import type { StoredKeyslot } from '../ports/keyslot-directory.js';
import { type Result, err } from '../result.js';
import type { KeyslotSummary } from './keyslots.js';

export interface OpenSlotsInput {
  readonly slots: readonly StoredKeyslot[];
  readonly uid: string;
  readonly secret: KeyslotSecret;
  /** Hears of a slot whose parameters would make guessing cheap. */
  readonly onWeakened: (slot: string) => void;
}

/** Tries every slot of the secret's kind; there is one, or one for each passkey. */
export async function openSlots(
  input: OpenSlotsInput,
): Promise<Result<OpenedKeyslot, OpenKeyslotError>> {
  const { slots, uid, secret, onWeakened } = input;
  const ofKind = (kind: KeyslotSummary['kind']): readonly StoredKeyslot[] =>
    slots.filter((slot) => summarizeSlot(slot).kind === kind);
  const fitting = ofKind(secret.kind);
  let failure: OpenKeyslotError = { kind: 'wrong_secret', message: 'This opens no keyslot.' };
  for (const slot of fitting.length > 0 ? fitting : ofKind('unknown')) {
    const opened = await openKeyslot({ bytes: slot.bytes, uid, slot: slot.name, secret });
    if (!opened.ok) {
      if (failure.kind === 'wrong_secret') failure = opened.error;
      if (opened.error.kind === 'weak_parameters') onWeakened(slot.name);
      continue;
    }
    if (opened.value.generation === slot.generation) return opened;
    opened.value.identity.wipe();
  }
  return err(failure);
}

/** What anybody can see of a slot. */
export function summarizeSlot({ name, bytes }: StoredKeyslot): KeyslotSummary {
  const parsed = parseKeyslot(bytes);
  if (!parsed.ok) return { name, kind: 'unknown' };
  const { lock } = parsed.value.header;
  return lock.kind === 'passkey'
    ? { name, kind: lock.kind, credentialId: lock.credentialId }
    : { name, kind: lock.kind };
}
