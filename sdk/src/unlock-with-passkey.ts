import type { Identity } from './crypto/identity.js';
import { SealsyncError } from './errors.js';
import { readPasskeyPrf } from './local/passkey.js';
import type { Keyslots } from './people/keyslots.js';

export interface UnlockWithPasskeyOptions {
  /** As given to `createPasskey`. */
  readonly rpId?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens the identity with any passkey of its keyslots; works offline as `unlock` does. Call it
 * from a click. Throws `passkey_missing` where no keyslot is a passkey's, and as
 * `readPasskeyPrf` and `unlock` do.
 */
export async function unlockWithPasskey(
  keyslots: Keyslots,
  options: UnlockWithPasskeyOptions = {},
): Promise<Identity> {
  const slots = await keyslots.list();
  const credentialIds = slots.flatMap(({ credentialId }) => (credentialId ? [credentialId] : []));
  if (credentialIds.length === 0) {
    throw new SealsyncError(
      'passkey_missing',
      'No passkey opens this identity yet: unlock it otherwise, then add one.',
    );
  }
  return keyslots.unlock(await readPasskeyPrf({ ...options, credentialIds }));
}
