/** A sign, digits, and at most two decimals: no thousands separator, no exponent, no currency. */
const amountPattern = /^([+-]?)(\d+)(?:\.(\d{1,2}))?$/;

/**
 * Minor units (cents) of a decimal text, taken from its digits, so that no amount passes through
 * a binary fraction. `undefined` where the text is no amount or is beyond the safe integers.
 */
export function parseAmountMinor(text: string): number | undefined {
  const match = amountPattern.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', decimals = ''] = match;
  const minor = Number(BigInt(whole + decimals.padEnd(2, '0')));
  if (!Number.isSafeInteger(minor)) return undefined;
  return sign === '-' && minor !== 0 ? -minor : minor;
}
