import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { ARGON2ID_FLOOR, deriveEpochKeyFromPassphrase, deriveKeyArgon2id } from './passphrase.js';
import { loadSodium } from './sodium.js';

beforeAll(loadSodium);

const budget = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  if (!isBudgetId(id)) throw new TypeError('not a budget id');
  return id;
};

describe('a key from a passphrase', () => {
  it.each([
    ['less memory', { memoryKiB: 65_535 }],
    ['fewer passes', { passes: 2 }],
    ['no number', { memoryKiB: Number.NaN }],
  ])('is refused with %s than keeps guessing expensive', async (_name, change) => {
    const key = await deriveKeyArgon2id('words', new Uint8Array(16), {
      ...ARGON2ID_FLOOR,
      ...change,
    });
    expect(key.ok ? 'ok' : key.error.kind).toBe('weak_parameters');
  });

  it.each([
    ['no WebAssembly', undefined],
    [
      'too little memory for it',
      {
        ...WebAssembly,
        compile: WebAssembly.compile,
        instantiate: () => Promise.reject(new RangeError('could not allocate memory')),
      },
    ],
  ])('cannot be made with %s, and says what to do', async (_name, webAssembly) => {
    vi.stubGlobal('WebAssembly', webAssembly);
    const key = await deriveKeyArgon2id('words', new Uint8Array(16), ARGON2ID_FLOOR);
    expect(key).toMatchObject({ ok: false, error: { kind: 'kdf_failed' } });
    const shared = deriveEpochKeyFromPassphrase({
      passphrase: 'words',
      budgetId: budget('a'),
      epoch: 1,
    });
    await expect(shared).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('64 MiB') as string,
    });
  });

  it('is the same on every device, however its keyboard composes letters', async () => {
    const derive = async (passphrase: string, budgetId: BudgetId): Promise<Uint8Array> =>
      (await deriveEpochKeyFromPassphrase({ passphrase, budgetId, epoch: 1 })).kid;
    const composed = await derive('k\u00fcche und bad', budget('a'));
    expect(await derive('ku\u0308che und bad', budget('a'))).toEqual(composed);
    expect(await derive('kuche und bad', budget('a'))).not.toEqual(composed);
    expect(await derive('k\u00fcche und bad', budget('b'))).not.toEqual(composed);
  });
});
