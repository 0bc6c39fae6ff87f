import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMoney, formatMoney, parseMoney } from './money.js';

const refused = expect.objectContaining({ kind: 'bad_input' });

describe('money', () => {
  it.each([
    ['-12.5', 'EUR', -1250],
    ['+0.1', 'USD', 10],
    [' 1250 ', 'JPY', 1250],
    ['1.005', 'KWD', 1005],
    ['-0', 'EUR', 0],
    ['90071992547409.91', 'EUR', Number.MAX_SAFE_INTEGER],
  ])('%s %s is read to the last unit', (text, currency, minor) => {
    expect(parseMoney(text, currency)).toEqual({ minor, currency });
  });

  it.each(['', '1,50', '1.505', '1e3', '.5', '5.', '0x10', '--1', '90071992547409.92'])(
    'that is typed as "%s" is refused instead of guessed',
    (text) => {
      expect(() => parseMoney(text, 'EUR')).toThrow(refused);
    },
  );

  it('is written with the decimals of its currency, exactly', () => {
    expect(formatMoney({ minor: -5, currency: 'USD' }, 'en-US')).toBe('-$0.05');
    expect(formatMoney({ minor: 1250, currency: 'JPY' }, 'en-US')).toBe('¥1,250');
    expect(formatMoney({ minor: 1, currency: 'KWD' }, 'en-US')).toMatch(/^KWD\s0\.001$/);
    expect(formatMoney({ minor: Number.MAX_SAFE_INTEGER, currency: 'USD' }, 'en-US')).toBe(
      '$90,071,992,547,409.91',
    );
  });

  it('comes back as it was when it is written and read again', () => {
    const currencies = fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF');
    fc.assert(
      fc.property(fc.maxSafeInteger(), currencies, (minor, currency) => {
        const text = formatMoney({ minor, currency }, 'en-US').replace(/[^\d.-]/g, '');
        expect(parseMoney(text, currency)).toEqual({ minor, currency });
      }),
    );
  });

  it('adds up within one currency only, and never beyond what is exact', () => {
    expect(addMoney({ minor: 1, currency: 'EUR' }, { minor: -3, currency: 'EUR' }).minor).toBe(-2);
    expect(() => addMoney({ minor: 1, currency: 'EUR' }, { minor: 1, currency: 'USD' })).toThrow(
      refused,
    );
    const most = { minor: Number.MAX_SAFE_INTEGER, currency: 'EUR' };
    expect(() => addMoney(most, { minor: 1, currency: 'EUR' })).toThrow(refused);
  });
});
