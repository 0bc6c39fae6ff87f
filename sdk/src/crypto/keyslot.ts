import { type Result, err, ok } from '../result.js';
import { openBytes, sealBytes } from './aead.js';
import { type Identity, createIdentity, lendSeeds } from './identity.js';
import {
  type Keyslot,
  type KeyslotHeader,
  type KeyslotLock,
  SALT_BYTES,
  encodeHeader,
  encodeKeyslot,
  parseKeyslot,
} from './keyslot-format.js';
import { type KeyslotSecret, type SlotKeys, deriveSlotKeys } from './keyslot-secret.js';
import { ARGON2ID_FLOOR, type KdfFailedError } from './passphrase.js';
import { type WeakPassphraseError, checkPassphrase } from './passphrase-strength.js';
import { type RandomBytes, sodium } from './sodium.js';

/** How a new slot shall open. */
export type NewKeyslotLock =
  | Extract<KeyslotSecret, { kind: 'passphrase' | 'recovery' }>
  | (Extract<KeyslotSecret, { kind: 'passkey' }> & { readonly credentialId: Uint8Array });

export interface SealKeyslotInput {
  readonly identity: Identity;
  /** Counts the user's rotations of identity, from 1. */
  readonly identityVersion: number;
  readonly slot: string;
  /** Above every generation seen of this user's slots, from 1. */
  readonly generation: number;
  readonly lock: NewKeyslotLock;
  readonly random: RandomBytes;
}

export interface OpenedKeyslot {
  readonly identity: Identity;
  readonly identityVersion: number;
  readonly generation: number;
}

export interface OpenKeyslotError {
  /** `wrong_secret` also for a damaged slot, or another's: nobody is told which. */
  readonly kind: 'wrong_secret' | 'weak_parameters' | 'kdf_failed' | 'upgrade_required';
  readonly message: string;
}

/**
 * The private halves of an identity, sealed so that `lock` opens them. Everything readable
 * beside the seal is bound to it. A passphrase below the floor is refused; a recovery phrase
 * that is none, or a number out of its range, is a bug and throws.
 */
export async function sealKeyslot(
  input: SealKeyslotInput,
): Promise<Result<Uint8Array, WeakPassphraseError | KdfFailedError>> {
  const { identity, identityVersion, slot, generation, random } = input;
  if (input.lock.kind === 'passphrase') {
    const strength = await checkPassphrase(input.lock.passphrase);
    if (!strength.ok) return strength;
  }
  const lock = makeLock(input.lock, random);
  const header: KeyslotHeader = { uid: identity.uid, slot, lock, generation };
  const keys = await deriveSlotKeys(lock, input.lock);
  if (!keys.ok) {
    if (keys.error.kind === 'kdf_failed') return err(keys.error);
    throw new RangeError('This secret cannot open a keyslot.');
  }
  const plaintext = encodeContent(identity, identityVersion);
  const bound = encodeHeader(header);
  const sealed = sealBytes(plaintext, bound, keys.value.seal, random);
  plaintext.fill(0);
  const commitment = commitTo(bound, keys.value);
  wipe(keys.value);
  return ok(encodeKeyslot({ header, ...sealed, commitment }));
}

/** The identity of `uid` that the slot named `slot` holds, if `secret` is the right one. */
export async function openKeyslot(input: {
  readonly bytes: Uint8Array;
  readonly uid: string;
  readonly slot: string;
  readonly secret: KeyslotSecret;
}): Promise<Result<OpenedKeyslot, OpenKeyslotError>> {
  const parsed = parseKeyslot(input.bytes);
  if (!parsed.ok) {
    return parsed.error.kind === 'upgrade_required'
      ? err({ kind: 'upgrade_required', message: parsed.error.message })
      : wrongSecret();
  }
  const { header } = parsed.value;
  if (header.uid !== input.uid || header.slot !== input.slot) return wrongSecret();
  const keys = await deriveSlotKeys(header.lock, input.secret);
  if (!keys.ok) {
    return keys.error.kind === 'wrong_secret' ? wrongSecret() : err(keys.error);
  }
  const opened = openWithKeys(parsed.value, keys.value);
  wipe(keys.value);
  return opened === undefined ? wrongSecret() : ok(opened);
}

function openWithKeys(keyslot: Keyslot, keys: SlotKeys): OpenedKeyslot | undefined {
  const { header, commitment } = keyslot;
  const bound = encodeHeader(header);
  if (!sodium().memcmp(commitment, commitTo(bound, keys))) return undefined;
  const content = openBytes(keyslot, bound, keys.seal);
  if (content === undefined) return undefined;
  const identity = createIdentity(header.uid, {
    sign: content.subarray(4, 36),
    box: content.subarray(36),
  });
  const identityVersion = new DataView(content.buffer, content.byteOffset).getUint32(0);
  content.fill(0);
  return { identity, identityVersion, generation: header.generation };
}

function makeLock(lock: NewKeyslotLock, random: RandomBytes): KeyslotLock {
  switch (lock.kind) {
    case 'passphrase':
      return { kind: 'passphrase', salt: random.bytes(SALT_BYTES), argon2id: ARGON2ID_FLOOR };
    case 'recovery':
      return { kind: 'recovery' };
    case 'passkey':
      return { kind: 'passkey', credentialId: lock.credentialId };
  }
}

/** identityVersion u32 | signing seed | box seed: no CBOR, whose buffers nobody could wipe. */
function encodeContent(identity: Identity, identityVersion: number): Uint8Array {
  if (!Number.isInteger(identityVersion) || identityVersion < 1 || identityVersion > 0xffff_ffff) {
    throw new RangeError('An identity version is an integer from 1 to 2^32 - 1.');
  }
  const content = new Uint8Array(68);
  new DataView(content.buffer).setUint32(0, identityVersion);
  lendSeeds(identity, ({ sign, box }) => {
    content.set(sign, 4);
    content.set(box, 36);
  });
  return content;
}

function commitTo(bound: Uint8Array, keys: SlotKeys): Uint8Array {
  return sodium().crypto_generichash(32, bound, keys.commitment);
}

function wipe(keys: SlotKeys): void {
  keys.seal.fill(0);
  keys.commitment.fill(0);
}

function wrongSecret(): Result<never, OpenKeyslotError> {
  return err({ kind: 'wrong_secret', message: 'This does not open the keyslot.' });
}
