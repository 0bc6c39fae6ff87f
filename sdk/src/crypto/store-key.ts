import { hexToBytes } from '@noble/hashes/utils.js';
import type { BudgetId } from '../model/ids.js';
import { openBytes, sealBytes } from './aead.js';
import { NONCE_BYTES, TAG_BYTES } from './frame.js';
import { encodeLabelled } from './labelled.js';
import { paddedLength } from './padme.js';
import { KEYS_VERSION } from './read-array.js';
import { Redacted } from './redaction.js';
import { type RandomBytes, sodium } from './sodium.js';
import { WipedKeyError } from './wiped-key-error.js';

export const STORE_KEY_BYTES = 32;
const LENGTH_BYTES = 4;

let readKey: (storeKey: StoreKey) => Uint8Array;

/** Whose store of which budget: what every seal in it is bound to. */
export interface StoreOwner {
  readonly uid: string;
  readonly budgetId: BudgetId;
}

/** The key that one local store is sealed under. It never shows its bytes. */
export class StoreKey extends Redacted {
  readonly #key: Uint8Array;
  readonly #bound: Uint8Array;
  #wiped = false;

  static {
    readKey = (storeKey) => {
      storeKey.#requireKey();
      return storeKey.#key;
    };
  }

  /** Takes a copy of `key`, 32 bytes. */
  constructor(key: Uint8Array, { uid, budgetId }: StoreOwner) {
    super();
    if (key.length !== STORE_KEY_BYTES) throw new RangeError('A store key is 32 bytes.');
    this.#key = Uint8Array.from(key);
    this.#bound = encodeLabelled('store value', [KEYS_VERSION, hexToBytes(budgetId), uid]);
  }

  /** `nonce 24 | ciphertext`, which opens under `name` only; its size hides small differences. */
  seal(name: string, value: Uint8Array, random: RandomBytes): Uint8Array {
    this.#requireKey();
    const padded = new Uint8Array(paddedLength(LENGTH_BYTES + value.length));
    new DataView(padded.buffer).setUint32(0, value.length);
    padded.set(value, LENGTH_BYTES);
    const { nonce, ciphertext } = sealBytes(padded, this.#bindTo(name), this.#key, random);
    const sealed = new Uint8Array(NONCE_BYTES + ciphertext.length);
    sealed.set(nonce);
    sealed.set(ciphertext, NONCE_BYTES);
    return sealed;
  }

  /** What was sealed under `name` with this key, or undefined if a byte of it is another. */
  open(name: string, sealed: Uint8Array): Uint8Array | undefined {
    this.#requireKey();
    if (sealed.length < NONCE_BYTES + TAG_BYTES + LENGTH_BYTES) return undefined;
    const parts = {
      nonce: sealed.subarray(0, NONCE_BYTES),
      ciphertext: sealed.subarray(NONCE_BYTES),
    };
    const padded = openBytes(parts, this.#bindTo(name), this.#key);
    if (padded === undefined) return undefined;
    const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
    if (padded.length !== paddedLength(LENGTH_BYTES + length)) return undefined;
    return padded.slice(LENGTH_BYTES, LENGTH_BYTES + length);
  }

  /** Whether both are the same key; in constant time. */
  equals(other: StoreKey): boolean {
    return sodium().memcmp(readKey(this), readKey(other));
  }

  /** Zeroes the key; any later use throws a `WipedKeyError`. May be called twice. */
  wipe(): void {
    this.#wiped = true;
    this.#key.fill(0);
  }

  override toString(): string {
    return '[StoreKey]';
  }

  /** The label and the array end where they end, so the name may follow as it is. */
  #bindTo(name: string): Uint8Array {
    const encoded = new TextEncoder().encode(name);
    const bound = new Uint8Array(this.#bound.length + encoded.length);
    bound.set(this.#bound);
    bound.set(encoded, this.#bound.length);
    return bound;
  }

  #requireKey(): void {
    if (this.#wiped) throw new WipedKeyError('This store key has been wiped.');
  }
}

/** Lends the 32 bytes to `seal`, which must not keep or change them; for headers only. */
export function lendStoreKey<T>(storeKey: StoreKey, seal: (key: Uint8Array) => T): T {
  return seal(readKey(storeKey));
}

export function generateStoreKey(random: RandomBytes, owner: StoreOwner): StoreKey {
  const key = random.bytes(STORE_KEY_BYTES);
  const storeKey = new StoreKey(key, owner);
  key.fill(0);
  return storeKey;
}
