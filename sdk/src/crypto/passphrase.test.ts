import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it, vi } from 'vitest';
import { ARGON2ID_FLOOR, deriveKeyArgon2id } from './passphrase.js';

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
    expect(key.ok ? '' : key.error.message).toContain('64 MiB');
  });

  it('is the same on every device, however its keyboard composes letters', async () => {
    const derive = async (passphrase: string, salt: number): Promise<string> => {
      const bytes = new Uint8Array(16).fill(salt);
      const key = await deriveKeyArgon2id(passphrase, bytes, ARGON2ID_FLOOR);
      return key.ok ? bytesToHex(key.value) : key.error.kind;
    };
    const composed = await derive('k\u00fcche und bad', 1);
    expect(await derive('ku\u0308che und bad', 1)).toEqual(composed);
    expect(await derive('kuche und bad', 1)).not.toEqual(composed);
    expect(await derive('k\u00fcche und bad', 2)).not.toEqual(composed);
  });
});
