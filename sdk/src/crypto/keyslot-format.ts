import { type Item, encodeCanonical } from '../codec/cbor.js';
import { type DecodeError, malformed, upgradeRequired } from '../codec/decode-error.js';
import { isName } from '../codec/value.js';
import { type Result, ok } from '../result.js';
import { NONCE_BYTES } from './frame.js';
import { encodeLabelled } from './labelled.js';
import type { Argon2idParameters } from './passphrase.js';
import { KEYS_VERSION, isBytes, isCount, readArray } from './read-array.js';

/** How a slot opens, with what is needed besides the secret. */
export type KeyslotLock =
  | {
      readonly kind: 'passphrase';
      /** 16 random bytes. */
      readonly salt: Uint8Array;
      readonly argon2id: Argon2idParameters;
    }
  | { readonly kind: 'recovery' }
  | {
      readonly kind: 'passkey';
      /** Names the credential to ask the authenticator for, 1 to 1023 bytes. */
      readonly credentialId: Uint8Array;
    };

/** What anyone who holds the slot can read of it, and nobody can change unnoticed. */
export interface KeyslotHeader {
  readonly uid: string;
  /** The slot's name among its user's, 1 to 64 characters. */
  readonly slot: string;
  readonly lock: KeyslotLock;
  /** Counts what was done to the user's slots: one lower than was seen of this is an old copy. */
  readonly generation: number;
}

/** A slot taken apart; nothing is opened yet. */
export interface Keyslot {
  readonly header: KeyslotHeader;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** 32 bytes that commit to the slot key: the seal alone would open under crafted others. */
  readonly commitment: Uint8Array;
}

export const SALT_BYTES = 16;
const COMMITMENT_BYTES = 32;
/** identityVersion u32, two seeds, tag. */
const CIPHERTEXT_BYTES: number = 4 + 64 + 16;
const MAX_UID_LENGTH = 128;
const MAX_SLOT_NAME_LENGTH = 64;
const MAX_CREDENTIAL_ID_BYTES = 1023;
const MAX_UINT32 = 0xffff_ffff;
const KIND_CODES: Readonly<Record<KeyslotLock['kind'], number>> = {
  passphrase: 0,
  recovery: 1,
  passkey: 2,
};
const PARAMETER_COUNTS: readonly number[] = [4, 0, 1];
const WHAT = 'a keyslot';

export function encodeKeyslot(keyslot: Keyslot): Uint8Array {
  const { header, nonce, ciphertext, commitment } = keyslot;
  const bytes = encodeCanonical([...headerItems(header), nonce, ciphertext, commitment]);
  const read = parseKeyslot(bytes);
  if (!read.ok) throw new RangeError(`This keyslot cannot be encoded: ${read.error.message}`);
  return bytes;
}

/** What the seal of a slot binds. */
export function encodeHeader(header: KeyslotHeader): Uint8Array {
  return encodeLabelled('keyslot', headerItems(header));
}

export function parseKeyslot(bytes: Uint8Array): Result<Keyslot, DecodeError> {
  const items = readArray(bytes, 9, WHAT);
  if (!items.ok) return items;
  const [uid, slot, kind, parameters, generation, nonce, ciphertext, commitment] = items.value;
  if (!isName(uid, MAX_UID_LENGTH) || !isName(slot, MAX_SLOT_NAME_LENGTH)) return malformed(WHAT);
  if (!isCount(generation, 1, Number.MAX_SAFE_INTEGER)) return malformed(WHAT);
  if (!isBytes(nonce, NONCE_BYTES) || !isBytes(ciphertext, CIPHERTEXT_BYTES)) {
    return malformed(WHAT);
  }
  if (!isBytes(commitment, COMMITMENT_BYTES)) return malformed(WHAT);
  const lock = readLock(kind, parameters);
  if (!lock.ok) return lock;
  const header = { uid, slot, lock: lock.value, generation };
  return ok({ header, nonce, ciphertext, commitment });
}

function headerItems({ uid, slot, lock, generation }: KeyslotHeader): Item[] {
  return [KEYS_VERSION, uid, slot, KIND_CODES[lock.kind], parameterItems(lock), generation];
}

function parameterItems(lock: KeyslotLock): Item[] {
  switch (lock.kind) {
    case 'passphrase': {
      const { memoryKiB, passes, parallelism } = lock.argon2id;
      return [lock.salt, memoryKiB, passes, parallelism];
    }
    case 'recovery':
      return [];
    case 'passkey':
      return [lock.credentialId];
  }
}

function readLock(
  kind: Item | undefined,
  parameters: Item | undefined,
): Result<KeyslotLock, DecodeError> {
  if (!isCount(kind, 0, MAX_UINT32) || !Array.isArray(parameters)) return malformed(WHAT);
  const count = PARAMETER_COUNTS[kind];
  if (count === undefined || parameters.length > count) return upgradeRequired(WHAT);
  const list: readonly Item[] = parameters;
  const [first, memoryKiB, passes, parallelism] = list;
  if (kind === KIND_CODES.recovery) return ok({ kind: 'recovery' });
  if (kind === KIND_CODES.passkey) {
    return first instanceof Uint8Array &&
      first.length >= 1 &&
      first.length <= MAX_CREDENTIAL_ID_BYTES
      ? ok({ kind: 'passkey', credentialId: first })
      : malformed(WHAT);
  }
  if (!isBytes(first, SALT_BYTES) || !isCount(memoryKiB, 0, MAX_UINT32)) return malformed(WHAT);
  if (!isCount(passes, 0, MAX_UINT32) || !isCount(parallelism, 0, MAX_UINT32)) {
    return malformed(WHAT);
  }
  return ok({ kind: 'passphrase', salt: first, argon2id: { memoryKiB, passes, parallelism } });
}
