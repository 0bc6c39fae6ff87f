import type { PublicKeys } from '../model/membership.js';
import { Redacted } from './redaction.js';
import { type RandomBytes, sodium } from './sodium.js';
import { WipedKeyError } from './wiped-key-error.js';

export const IDENTITY_SEED_BYTES = 32;

/** The secrets that an identity is made of, 32 bytes each; for keyslots only. */
export interface IdentitySeeds {
  readonly sign: Uint8Array;
  readonly box: Uint8Array;
}

let readBoxKey: (identity: Identity) => Uint8Array;
let readSeeds: (identity: Identity) => IdentitySeeds;
let readWiped: (identity: Identity) => boolean;

/**
 * A user's Ed25519 and X25519 pairs. The private halves never show: printing,
 * serialising or inspecting an identity yields the uid only.
 */
export class Identity extends Redacted {
  readonly uid: string;
  readonly publicKeys: PublicKeys;
  readonly #signKey: Uint8Array;
  readonly #boxKey: Uint8Array;
  readonly #seeds: IdentitySeeds;
  #wiped = false;

  static {
    readBoxKey = (identity) => {
      identity.#requireKeys();
      return identity.#boxKey;
    };
    readSeeds = (identity) => {
      identity.#requireKeys();
      return identity.#seeds;
    };
    readWiped = (identity) => identity.#wiped;
  }

  constructor(uid: string, seeds: IdentitySeeds) {
    super();
    const sign = sodium().crypto_sign_seed_keypair(seeds.sign);
    const box = sodium().crypto_box_seed_keypair(seeds.box);
    this.uid = uid;
    this.publicKeys = { sign: sign.publicKey, box: box.publicKey };
    this.#signKey = sign.privateKey;
    this.#boxKey = box.privateKey;
    this.#seeds = { sign: Uint8Array.from(seeds.sign), box: Uint8Array.from(seeds.box) };
  }

  /** The 64-byte Ed25519 signature of `message`. */
  sign(message: Uint8Array): Uint8Array {
    this.#requireKeys();
    return sodium().crypto_sign_detached(message, this.#signKey);
  }

  /** Zeroes keys and seeds; any later use throws a `WipedKeyError`. May be called twice. */
  wipe(): void {
    this.#wiped = true;
    this.#signKey.fill(0);
    this.#boxKey.fill(0);
    this.#seeds.sign.fill(0);
    this.#seeds.box.fill(0);
  }

  override toString(): string {
    return `[Identity uid=${this.uid}]`;
  }

  #requireKeys(): void {
    if (this.#wiped) throw new WipedKeyError('This identity has been wiped.');
  }
}

/**
 * The 32 bytes that `identity` and the holder of `publicKey` alone can compute (X25519,
 * RFC 7748), or undefined for a public key of low order, with which anybody could. Never a
 * key by itself: derive one. A function, so that no holder of an identity sees a method.
 */
export function agreeOnSecret(identity: Identity, publicKey: Uint8Array): Uint8Array | undefined {
  return multiply(readBoxKey(identity), publicKey);
}

/** Whether its user has locked: what was opened by it must not be used any more either. */
export function isWiped(identity: Identity): boolean {
  return readWiped(identity);
}

/** Lends the seeds to `seal`, which must not keep or change them; for keyslots only. */
export function lendSeeds<T>(identity: Identity, seal: (seeds: IdentitySeeds) => T): T {
  return seal(readSeeds(identity));
}

/** X25519 of a private and a public key, 32 bytes each; undefined if the latter has low order. */
export function multiply(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return sodium().crypto_scalarmult(privateKey, publicKey);
  } catch {
    return undefined;
  }
}

export function createIdentity(uid: string, seeds: IdentitySeeds): Identity {
  return new Identity(uid, seeds);
}

export function generateIdentity(uid: string, random: RandomBytes): Identity {
  const seeds = {
    sign: random.bytes(IDENTITY_SEED_BYTES),
    box: random.bytes(IDENTITY_SEED_BYTES),
  };
  const identity = new Identity(uid, seeds);
  seeds.sign.fill(0);
  seeds.box.fill(0);
  return identity;
}
