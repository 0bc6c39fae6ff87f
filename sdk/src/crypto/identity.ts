import type { PublicKeys } from '../model/membership.js';
import { Redacted } from './redaction.js';
import { type RandomBytes, sodium } from './sodium.js';

export const IDENTITY_SEED_BYTES = 32;

/** The secrets that an identity is made of, 32 bytes each; for keyslots only. */
export interface IdentitySeeds {
  readonly sign: Uint8Array;
  readonly box: Uint8Array;
}

/**
 * A user's Ed25519 and X25519 pairs. The private halves never show: printing,
 * serialising or inspecting an identity yields the uid only.
 */
export class Identity extends Redacted {
  readonly uid: string;
  readonly publicKeys: PublicKeys;
  readonly #signKey: Uint8Array;
  readonly #boxKey: Uint8Array;
  #wiped = false;

  constructor(uid: string, seeds: IdentitySeeds) {
    super();
    const sign = sodium().crypto_sign_seed_keypair(seeds.sign);
    const box = sodium().crypto_box_seed_keypair(seeds.box);
    this.uid = uid;
    this.publicKeys = { sign: sign.publicKey, box: box.publicKey };
    this.#signKey = sign.privateKey;
    this.#boxKey = box.privateKey;
  }

  /** The 64-byte Ed25519 signature of `message`. */
  sign(message: Uint8Array): Uint8Array {
    if (this.#wiped) throw new Error('This identity has been wiped.');
    return sodium().crypto_sign_detached(message, this.#signKey);
  }

  /** Zeroes the private keys; signing throws from then on. May be called twice. */
  wipe(): void {
    this.#wiped = true;
    this.#signKey.fill(0);
    this.#boxKey.fill(0);
  }

  override toString(): string {
    return `[Identity uid=${this.uid}]`;
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
