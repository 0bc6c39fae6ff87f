import { generateIdentity as generate, type Identity } from './crypto/identity.js';
import { loadSodium } from './crypto/sodium.js';
import { secureRandom } from './local/secure-random.js';

export type { Identity };

/**
 * A new identity for user `uid` that lives as long as this process: nothing can read its
 * keys back. Identities that last come from `openKeyslots`.
 */
export async function generateIdentity(uid: string): Promise<Identity> {
  await loadSodium();
  return generate(uid, secureRandom);
}
