import { type Identity, agreeOnSecret } from './identity.js';
import { encodeLabelled } from './labelled.js';
import { KEYS_VERSION } from './read-array.js';
import { sodium } from './sodium.js';

/**
 * 32 bytes for what a user seals for themselves alone, one key for each purpose: from the box
 * pair with itself, so that every device of the user has it without a document. Wipe it.
 */
export function deriveOwnKey(
  identity: Identity,
  purpose: 'pin key' | 'store header key',
): Uint8Array {
  const secret = agreeOnSecret(identity, identity.publicKeys.box);
  // No pair that was made from a seed has a public key of low order.
  if (secret === undefined) throw new Error('This identity has an unusable box key.');
  const label = encodeLabelled(purpose, [KEYS_VERSION, identity.uid]);
  const key = sodium().crypto_generichash(32, label, secret);
  secret.fill(0);
  return key;
}
