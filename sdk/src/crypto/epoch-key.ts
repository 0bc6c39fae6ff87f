import { hexToBytes } from '@noble/hashes/utils.js';
import type { BudgetId } from '../model/ids.js';
import { Redacted } from './redaction.js';
import { type RandomBytes, sodium } from './sodium.js';
import { WipedKeyError } from './wiped-key-error.js';

export const EPOCH_KEY_BYTES = 32;
const KID_BYTES = 32;
const KDF_CONTEXT = 'sealsync';
const KID_LABEL: Uint8Array = new TextEncoder().encode('sealsync.v1 kid');

/** What a subkey is for, and its number in `crypto_kdf`. No key serves two purposes. */
const SUBKEY_IDS = {
  entry: 1,
  headTag: 2,
  presence: 3,
  snapshot: 4,
  previousEpoch: 5,
  localStore: 6,
} as const;

export type SubkeyPurpose = keyof typeof SUBKEY_IDS;

let readKey: (epochKey: EpochKey) => Uint8Array;

/**
 * The key that one epoch of one budget is sealed under. It never shows its bytes:
 * printing, serialising or inspecting it yields its epoch only.
 */
export class EpochKey extends Redacted {
  readonly budgetId: BudgetId;
  readonly epoch: number;
  /** 32 bytes that commit to this key, budget and epoch; public, in every header. */
  readonly kid: Uint8Array;
  readonly #key: Uint8Array;
  readonly #subkeys: Map<SubkeyPurpose, Uint8Array> = new Map();
  #wiped = false;

  static {
    readKey = (epochKey) => {
      if (epochKey.#wiped) throw new WipedKeyError('This epoch key has been wiped.');
      return epochKey.#key;
    };
  }

  constructor(key: Uint8Array, budgetId: BudgetId, epoch: number) {
    super();
    if (key.length !== EPOCH_KEY_BYTES) throw new RangeError('An epoch key is 32 bytes.');
    if (!Number.isInteger(epoch) || epoch < 1 || epoch > 0xffff_ffff) {
      throw new RangeError('An epoch is an integer from 1 to 2^32 - 1.');
    }
    this.budgetId = budgetId;
    this.epoch = epoch;
    this.#key = Uint8Array.from(key);
    this.kid = commitTo(this.#key, budgetId, epoch);
  }

  /** The 32-byte subkey for `purpose`, derived on first use and kept. Do not change it. */
  subkey(purpose: SubkeyPurpose): Uint8Array {
    if (this.#wiped) throw new WipedKeyError('This epoch key has been wiped.');
    const known = this.#subkeys.get(purpose);
    if (known !== undefined) return known;
    const derived = sodium().crypto_kdf_derive_from_key(
      EPOCH_KEY_BYTES,
      SUBKEY_IDS[purpose],
      KDF_CONTEXT,
      this.#key,
    );
    this.#subkeys.set(purpose, derived);
    return derived;
  }

  /** Zeroes the key and its subkeys; any later use throws a `WipedKeyError`. May be called twice. */
  wipe(): void {
    this.#wiped = true;
    this.#key.fill(0);
    for (const subkey of this.#subkeys.values()) subkey.fill(0);
    this.#subkeys.clear();
  }

  override toString(): string {
    return `[EpochKey epoch=${String(this.epoch)}]`;
  }
}

/**
 * Lends the 32 bytes of `epochKey` to `seal`, which must not keep or change them. For this
 * folder's sealing of keys under keys: a function, so that no holder of a key sees a method.
 */
export function lendKeyBytes<T>(epochKey: EpochKey, seal: (key: Uint8Array) => T): T {
  return seal(readKey(epochKey));
}

/** Takes a copy of `key` (32 bytes), so the caller may wipe its own. */
export function createEpochKey(key: Uint8Array, budgetId: BudgetId, epoch: number): EpochKey {
  return new EpochKey(key, budgetId, epoch);
}

export function generateEpochKey(random: RandomBytes, budgetId: BudgetId, epoch: number): EpochKey {
  const key = random.bytes(EPOCH_KEY_BYTES);
  const epochKey = new EpochKey(key, budgetId, epoch);
  key.fill(0);
  return epochKey;
}

/** XChaCha20-Poly1305 does not commit to its key; keyed BLAKE2b over budget and epoch does. */
function commitTo(key: Uint8Array, budgetId: BudgetId, epoch: number): Uint8Array {
  const message = new Uint8Array(KID_LABEL.length + 16 + 4);
  message.set(KID_LABEL);
  message.set(hexToBytes(budgetId), KID_LABEL.length);
  new DataView(message.buffer).setUint32(KID_LABEL.length + 16, epoch);
  return sodium().crypto_generichash(KID_BYTES, message, key);
}
