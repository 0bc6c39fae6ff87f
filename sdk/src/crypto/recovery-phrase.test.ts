import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.js';
import { generateRecoveryPhrase, readRecoveryPhrase } from './recovery-phrase.js';

const kindOf = async (phrase: string): Promise<string> => {
  const read = await readRecoveryPhrase(phrase);
  return read.ok ? 'ok' : read.error.kind;
};

describe('a recovery phrase', () => {
  // https://github.com/trezor/python-mnemonic/blob/v0.20/vectors.json, those of 24 words.
  it.each([
    ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
    [
      '80'.repeat(32),
      `${'letter advice cage absurd amount doctor acoustic avoid '.repeat(2)}letter advice cage absurd amount doctor acoustic bless`,
    ],
    ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
  ])('stands for the entropy that BIP39 publishes: %s', async (entropy, phrase) => {
    const read = await readRecoveryPhrase(phrase);
    expect(read.ok && bytesToHex(read.value)).toBe(entropy);
  });

  it('is read however it was typed', async () => {
    const phrase = await generateRecoveryPhrase(createSeededRandom(2));
    expect(phrase.split(' ')).toHaveLength(24);
    const typed = ` ${phrase.toUpperCase().replaceAll(' ', '\n\t ')} `;
    const [read, expected] = await Promise.all([typed, phrase].map(readRecoveryPhrase));
    expect(read?.ok).toBe(true);
    expect(read).toEqual(expected);
  });

  it('differs each time', async () => {
    const random = createSeededRandom(3);
    expect(await generateRecoveryPhrase(random)).not.toBe(await generateRecoveryPhrase(random));
  });

  it('is noticed to be mistyped: a word swapped, unknown or missing, and 12 words', async () => {
    const words = (await generateRecoveryPhrase(createSeededRandom(4))).split(' ');
    const [first = '', second = '', ...rest] = words;
    expect(first).not.toBe(second);
    const wrong = [
      [second, first, ...rest],
      ['sealsync', second, ...rest],
      [second, ...rest],
      Array.from({ length: 12 }, (_, index) => (index === 11 ? 'about' : 'abandon')),
      [],
    ];
    const kinds = await Promise.all(wrong.map((list) => kindOf(list.join(' '))));
    expect(kinds).toEqual(wrong.map(() => 'bad_recovery_phrase'));
  });
});
