import { describe, expect, it } from 'vitest';
import { checkPassphrase } from './passphrase-strength.js';

describe('a passphrase that guards a budget against offline guessing', () => {
  it.each([
    '',
    'short&7Qz',
    'password1234',
    'Summer2024!!',
    'qwertyuiop[]',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    '12345678901234567890',
    'ilovemyfamily',
  ])('is refused: "%s"', async (passphrase) => {
    const checked = await checkPassphrase(passphrase);
    expect(checked.ok ? 'ok' : checked.error.kind).toBe('weak_passphrase');
  });

  it.each(['tractor rides past nine lamps', 'k9#vTq2!xLw7', 'k\u00fcche und bad am see'])(
    'is accepted: "%s"',
    async (passphrase) => {
      expect(await checkPassphrase(passphrase)).toEqual({ ok: true, value: undefined });
    },
  );

  it('is measured as it is used, so look-alike forms do not lengthen it', async () => {
    const wide = Array.from('password1', (letter) =>
      String.fromCharCode(letter.charCodeAt(0) + 0xfee0),
    ).join('');
    expect((await checkPassphrase(wide)).ok).toBe(false);
    expect((await checkPassphrase('a\u0308o\u0308u\u0308'.repeat(3))).ok).toBe(false);
  });
});
