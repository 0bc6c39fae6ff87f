import { sha256 } from '@noble/hashes/sha2.js';
import { type Identity, createIdentity } from './identity.js';
import { Redacted } from './redaction.js';
import { type RandomBytes, sodium } from './sodium.js';
import { WipedKeyError } from './wiped-key-error.js';

export const INVITE_SECRET_BYTES = 32;
const INVITE_ID_PATTERN = /^[0-9a-f]{32}$/;
const KDF_CONTEXT = 'sealinvt';
const ACCESS_VALUE_ID = 1;
const SIGN_SEED_ID = 2;
const BOX_SEED_ID = 3;

let readSecret: (invite: InviteSecret) => Uint8Array;

/**
 * What whoever holds an invite's link has. The secret itself and the private keys never
 * leave the device; the access value goes to Firestore once, to be compared with its hash.
 */
export class InviteSecret extends Redacted {
  /** 128 random bits in lower-case hex. */
  readonly inviteId: string;
  /** SHA-256 of the access value, for the invite's document. */
  readonly accessHash: Uint8Array;
  /** The invite's own pairs: keys are wrapped for it, acceptances signed by it. */
  readonly identity: Identity;
  readonly #secret: Uint8Array;
  readonly #accessValue: Uint8Array;
  #wiped = false;

  static {
    readSecret = (invite) => {
      invite.#requireSecret();
      return invite.#secret;
    };
  }

  constructor(inviteId: string, secret: Uint8Array) {
    super();
    if (!INVITE_ID_PATTERN.test(inviteId)) throw new RangeError('An invite id is 32 hex digits.');
    if (secret.length !== INVITE_SECRET_BYTES) throw new RangeError('A secret is 32 bytes.');
    const derive = (id: number): Uint8Array =>
      sodium().crypto_kdf_derive_from_key(32, id, KDF_CONTEXT, secret);
    const seeds = { sign: derive(SIGN_SEED_ID), box: derive(BOX_SEED_ID) };
    this.inviteId = inviteId;
    this.identity = createIdentity(inviteRecipient(inviteId), seeds);
    seeds.sign.fill(0);
    seeds.box.fill(0);
    this.#secret = Uint8Array.from(secret);
    this.#accessValue = derive(ACCESS_VALUE_ID);
    this.accessHash = sha256(this.#accessValue);
  }

  /** The 32 bytes that show Firestore that one holds the link; a copy. */
  accessValue(): Uint8Array {
    this.#requireSecret();
    return Uint8Array.from(this.#accessValue);
  }

  /** Zeroes everything secret; any later use throws a `WipedKeyError`. May be called twice. */
  wipe(): void {
    this.#wiped = true;
    this.#secret.fill(0);
    this.#accessValue.fill(0);
    this.identity.wipe();
  }

  override toString(): string {
    return `[InviteSecret inviteId=${this.inviteId}]`;
  }

  #requireSecret(): void {
    if (this.#wiped) throw new WipedKeyError('This invite has been wiped.');
  }
}

/** Takes a copy of `secret` (32 bytes). */
export function createInviteSecret(inviteId: string, secret: Uint8Array): InviteSecret {
  return new InviteSecret(inviteId, secret);
}

export function generateInviteSecret(random: RandomBytes): InviteSecret {
  const inviteId = sodium().to_hex(random.bytes(16));
  const secret = random.bytes(INVITE_SECRET_BYTES);
  const invite = new InviteSecret(inviteId, secret);
  secret.fill(0);
  return invite;
}

/** What a wrap for an invite names as its recipient. */
export function inviteRecipient(inviteId: string): string {
  return `invite:${inviteId}`;
}

/** Lends the 32 bytes of the secret to `encode`, which must not keep them; for links only. */
export function lendInviteSecret<T>(invite: InviteSecret, encode: (secret: Uint8Array) => T): T {
  return encode(readSecret(invite));
}
