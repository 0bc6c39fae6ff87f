import type { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { type Result, err, ok } from '../result.js';

/** Counted in characters of the NFKC form. */
export const MIN_PASSPHRASE_LENGTH = 10;
/**
 * At a tenth of a second of Argon2id each, ten thousand million guesses take one core 30
 * years. Estimators rate "Summer2024!!" two orders of magnitude below.
 */
const MIN_GUESSES = 1e10;

export interface WeakPassphraseError {
  readonly kind: 'weak_passphrase';
  readonly message: string;
}

/**
 * Whether `passphrase` withstands guessing offline: at least 10 characters, and 10^10
 * guesses by zxcvbn's estimate (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation",
 * USENIX Security 2016) with English words.
 */
export async function checkPassphrase(
  passphrase: string,
): Promise<Result<void, WeakPassphraseError>> {
  const normalized = passphrase.normalize('NFKC');
  if (Array.from(normalized).length < MIN_PASSPHRASE_LENGTH) {
    return weak(`A passphrase needs at least ${MIN_PASSPHRASE_LENGTH} characters.`);
  }
  loading ??= loadEstimator();
  const estimator = await loading;
  return estimator.check(normalized).guesses >= MIN_GUESSES
    ? ok()
    : weak(
        'This passphrase is too easy to guess: take four or more words that do not belong together.',
      );
}

let loading: Promise<ZxcvbnFactory> | undefined;

/** Its dictionaries are large, so only those who choose a passphrase load them. */
async function loadEstimator(): Promise<ZxcvbnFactory> {
  const [core, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  return new core.ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
  });
}

function weak(message: string): Result<never, WeakPassphraseError> {
  return err({ kind: 'weak_passphrase', message });
}
