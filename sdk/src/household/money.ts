import { SealsyncError } from '../errors.js';

/** An amount of money, exactly: never a float, which cannot hold 0.10. */
export interface Money {
  /** A safe integer in the currency's smallest unit, such as cents: -1250 is -12.50 USD. */
  readonly minor: number;
  /** ISO 4217 code, such as `EUR`. */
  readonly currency: string;
}

/**
 * ISO 4217 currencies whose smallest unit is not a hundredth. A list of our own, because
 * platforms differ in what they say, and the same integer must mean the same everywhere.
 */
const MINOR_DIGITS: ReadonlyMap<string, number> = new Map([
  ...listed(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...listed(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...listed(4, 'CLF UYW'),
]);

function listed(digits: number, codes: string): [string, number][] {
  return codes.split(' ').map((code) => [code, digits]);
}

/** How many decimals the currency's amounts have: 2 for `EUR`, 0 for `JPY`, 3 for `KWD`. */
export const minorDigits = (currency: string): number => MINOR_DIGITS.get(currency) ?? 2;

/** Throws `bad_input` for two currencies, or a sum beyond the safe integers. */
export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) {
    throw new SealsyncError('bad_input', 'Amounts of two currencies do not add up.');
  }
  return { minor: requireSafe(a.minor + b.minor), currency: a.currency };
}

/**
 * What a person typed, exactly: an optional sign, digits, and after a point at most as many
 * decimals as the currency has. Throws `bad_input` for anything else; commas and groups are the
 * app's to clear away, since `1,250` means different things in different places.
 */
export function parseMoney(text: string, currency: string): Money {
  const digits = minorDigits(currency);
  const [, sign = '', whole = '', decimals = ''] =
    /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim()) ?? [];
  if (whole === '' || decimals.length > digits) {
    const example = digits === 0 ? '1250' : `12.${'5'.padEnd(digits, '0')}`;
    throw new SealsyncError('bad_input', `An amount in ${currency} looks like ${example}.`);
  }
  const minor = requireSafe(Number(BigInt(whole + decimals.padEnd(digits, '0'))));
  return { minor: sign === '-' && minor !== 0 ? -minor : minor, currency };
}

/** `12.5` as `-€12.50` or `-12,50 €`: as people of `locale` write it, by default the platform's. */
export function formatMoney({ minor, currency }: Money, locale?: string): string {
  const digits = minorDigits(currency);
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // A decimal string is formatted exactly, where dividing would round. The last 0 is for
  // currencies without decimals, whose point needs a digit behind it.
  const units = String(Math.abs(minor)).padStart(digits + 1, '0');
  const cut = units.length - digits;
  return format.format(
    `${minor < 0 ? '-' : ''}${units.slice(0, cut)}.${units.slice(cut)}0` as `${number}`,
  );
}

function requireSafe(minor: number): number {
  if (Number.isSafeInteger(minor)) return minor;
  throw new SealsyncError('bad_input', 'The amount is too large to be exact.');
}
