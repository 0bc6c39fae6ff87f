import { equalBytes } from '../bytes.js';
import { loadSodium, sodium } from '../crypto/sodium.js';

type Verify = ReturnType<typeof sodium>['crypto_sign_verify_detached'];

interface Verdict {
  readonly message: Uint8Array;
  readonly key: Uint8Array;
  readonly isGenuine: boolean;
}

const MAX_REMEMBERED = 2_000;

/**
 * Loads libsodium and lets it answer the same question about a signature from memory: in one
 * process every device verifies every entry, and that was a quarter of all time. The answers
 * are those of libsodium.
 */
export async function loadSodiumForMany(): Promise<void> {
  await loadSodium();
  const library = sodium() as { crypto_sign_verify_detached: Verify };
  library.crypto_sign_verify_detached = remember(library.crypto_sign_verify_detached);
}

function remember(verify: Verify): Verify {
  const verdicts = new Map<string, Verdict>();
  return (signature, message, key) => {
    if (typeof message === 'string') return verify(signature, message, key);
    const name = String.fromCharCode(...signature);
    const known = verdicts.get(name);
    if (known && equalBytes(known.message, message) && equalBytes(known.key, key)) {
      return known.isGenuine;
    }
    const isGenuine = verify(signature, message, key);
    if (verdicts.size >= MAX_REMEMBERED) verdicts.clear();
    verdicts.set(name, { message: message.slice(), key: key.slice(), isGenuine });
    return isGenuine;
  };
}
