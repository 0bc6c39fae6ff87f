import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { type Result, err, ok } from '../result.js';
import { openBytes, sealBytes } from './aead.js';
import { NONCE_BYTES, TAG_BYTES } from './frame.js';
import type { Identity } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { deriveOwnKey } from './own-key.js';
import { KEYS_VERSION } from './read-array.js';
import { type RandomBytes, sodium } from './sodium.js';
import { lendStoreKey, STORE_KEY_BYTES, StoreKey, type StoreOwner } from './store-key.js';

/*
 * The one value of a local store that is not sealed under the store's key: it holds that key,
 * sealed for each of the user's identities. Magic, version and the checksum at the end stay
 * where they are in every version, so that a newer store is told from a damaged one.
 */

const MAGIC = utf8ToBytes('SEALSTOR');
const VERSION = 1;
const MARK_BYTES = 16;
const CHECKSUM_BYTES = 8;
const SLOT_BYTES = MARK_BYTES + NONCE_BYTES + STORE_KEY_BYTES + TAG_BYTES;
const FIXED_BYTES = MAGIC.length + 1 + 1 + CHECKSUM_BYTES;

export interface StoreHeaderError {
  readonly kind: 'foreign' | 'newer' | 'corrupt';
}

export interface OpenedStoreHeader {
  readonly storeKey: StoreKey;
  /** Whether it need not be sealed anew for these identities. */
  readonly isCurrent: boolean;
}

/** `identities` from the newest on: all of them open it. */
export function sealStoreHeader(input: {
  readonly owner: StoreOwner;
  readonly identities: readonly Identity[];
  readonly storeKey: StoreKey;
  readonly random: RandomBytes;
}): Uint8Array {
  const { owner, identities, storeKey, random } = input;
  const slots = identities.map((identity) => {
    const key = deriveOwnKey(identity, 'store header key');
    const { nonce, ciphertext } = lendStoreKey(storeKey, (bytes) =>
      sealBytes(bytes, encodeBound(owner), key, random),
    );
    key.fill(0);
    return concatBytes(markOf(identity, owner), nonce, ciphertext);
  });
  const content = concatBytes(MAGIC, Uint8Array.of(VERSION, slots.length), ...slots);
  return concatBytes(content, checksumOf(content));
}

/** The store's key, by whichever of `identities` (from the newest on) the header is sealed for. */
export function openStoreHeader(input: {
  readonly bytes: Uint8Array;
  readonly owner: StoreOwner;
  readonly identities: readonly Identity[];
}): Result<OpenedStoreHeader, StoreHeaderError> {
  const { bytes, owner, identities } = input;
  const slots = readSlots(bytes);
  if (!slots.ok) return slots;
  const marks = identities.map((identity) => markOf(identity, owner));
  for (const [index, identity] of identities.entries()) {
    const mark = marks[index];
    const slot = slots.value.find((each) => mark && equalBytes(each.subarray(0, MARK_BYTES), mark));
    if (!slot) continue;
    const storeKey = openSlot(slot, identity, owner);
    if (!storeKey) return err({ kind: 'corrupt' });
    return ok({ storeKey, isCurrent: isCurrent(slots.value, marks) });
  }
  return err({ kind: 'foreign' });
}

/**
 * Whoever comes with an earlier identity alone is in the middle of replacing it: the next one
 * has to open the store as well, so nothing is sealed anew.
 */
function isCurrent(slots: readonly Uint8Array[], marks: readonly Uint8Array[]): boolean {
  const known = slots.map((slot) => bytesToHex(slot.subarray(0, MARK_BYTES)));
  const own = marks.map((mark) => bytesToHex(mark));
  const isReplaced = own.length === 1 && known.slice(1).some((mark) => mark === own[0]);
  return isReplaced || known.join() === own.join();
}

function readSlots(bytes: Uint8Array): Result<readonly Uint8Array[], StoreHeaderError> {
  if (bytes.length < FIXED_BYTES) return err({ kind: 'corrupt' });
  const content = bytes.subarray(0, -CHECKSUM_BYTES);
  const isWhole = equalBytes(checksumOf(content), bytes.subarray(-CHECKSUM_BYTES));
  if (!isWhole || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    return err({ kind: 'corrupt' });
  }
  const version = bytes[MAGIC.length] ?? 0;
  if (version > VERSION) return err({ kind: 'newer' });
  const count = bytes[MAGIC.length + 1] ?? 0;
  if (version < VERSION || bytes.length !== FIXED_BYTES + count * SLOT_BYTES) {
    return err({ kind: 'corrupt' });
  }
  const start = MAGIC.length + 2;
  return ok(
    Array.from({ length: count }, (_, index) =>
      bytes.slice(start + index * SLOT_BYTES, start + (index + 1) * SLOT_BYTES),
    ),
  );
}

function openSlot(slot: Uint8Array, identity: Identity, owner: StoreOwner): StoreKey | undefined {
  const key = deriveOwnKey(identity, 'store header key');
  const sealed = {
    nonce: slot.subarray(MARK_BYTES, MARK_BYTES + NONCE_BYTES),
    ciphertext: slot.subarray(MARK_BYTES + NONCE_BYTES),
  };
  const opened = openBytes(sealed, encodeBound(owner), key);
  key.fill(0);
  if (!opened) return undefined;
  const storeKey = new StoreKey(opened, owner);
  opened.fill(0);
  return storeKey;
}

/** Tells whose slot this is only to who knows the budget's random id. */
function markOf({ publicKeys }: Identity, { uid, budgetId }: StoreOwner): Uint8Array {
  const owner = [KEYS_VERSION, hexToBytes(budgetId), uid, publicKeys.sign];
  return sodium().crypto_generichash(MARK_BYTES, encodeLabelled('store owner', owner), null);
}

const encodeBound = ({ uid, budgetId }: StoreOwner): Uint8Array =>
  encodeLabelled('store header', [KEYS_VERSION, hexToBytes(budgetId), uid]);

const checksumOf = (content: Uint8Array): Uint8Array => sha256(content).subarray(0, CHECKSUM_BYTES);
