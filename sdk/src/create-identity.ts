import {
  createIdentity as createFromSeeds,
  type Identity,
  type IdentitySeeds,
} from './crypto/identity.js';
import { loadSodium } from './crypto/sodium.js';
import { secureRandom } from './local/secure-random.js';

export type { Identity, IdentitySeeds };

/** The identity of user `uid` from its two 32-byte seeds, which the app keeps secret. */
export async function createIdentity(uid: string, seeds: IdentitySeeds): Promise<Identity> {
  await loadSodium();
  return createFromSeeds(uid, seeds);
}

/** A new identity for user `uid`; its seeds cannot be read back. */
export function generateIdentity(uid: string): Promise<Identity> {
  return createIdentity(uid, { sign: secureRandom.bytes(32), box: secureRandom.bytes(32) });
}
