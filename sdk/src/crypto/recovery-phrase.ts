import type * as Bip39 from '@scure/bip39';
import { type Result, err, ok } from '../result.js';
import type { RandomBytes } from './sodium.js';

/** 256 bits, which is 24 words. */
export const RECOVERY_ENTROPY_BYTES = 32;

export interface RecoveryPhraseError {
  readonly kind: 'bad_recovery_phrase';
  readonly message: string;
}

/** 24 English words (BIP39) to write down; the last holds a checksum. */
export async function generateRecoveryPhrase(random: RandomBytes): Promise<string> {
  const { codec, words } = await loadWords();
  const entropy = random.bytes(RECOVERY_ENTROPY_BYTES);
  const phrase = codec.entropyToMnemonic(entropy, words);
  entropy.fill(0);
  return phrase;
}

/**
 * The 32 bytes that `phrase` stands for, whatever its case and spacing. The failure means a
 * mistyped word, wherever it is used: the checksum knows nothing of any slot.
 */
export async function readRecoveryPhrase(
  phrase: string,
): Promise<Result<Uint8Array, RecoveryPhraseError>> {
  const { codec, words } = await loadWords();
  const normalized = phrase.normalize('NFKD').trim().toLowerCase().split(/\s+/).join(' ');
  try {
    const entropy = codec.mnemonicToEntropy(normalized, words);
    if (entropy.length === RECOVERY_ENTROPY_BYTES) return ok(entropy);
  } catch {
    // Below: an unknown word, a wrong count and a wrong checksum are one to whoever typed.
  }
  return err({
    kind: 'bad_recovery_phrase',
    message: 'These are not the 24 words of a recovery phrase: check their spelling and order.',
  });
}

/** Only those who use a recovery phrase load the words. */
async function loadWords(): Promise<{
  readonly codec: typeof Bip39;
  readonly words: string[];
}> {
  const [codec, { wordlist }] = await Promise.all([
    import('@scure/bip39'),
    import('@scure/bip39/wordlists/english.js'),
  ]);
  return { codec, words: wordlist };
}
