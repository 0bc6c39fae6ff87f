import { describe, expect, it } from 'vitest';
import { parseAmountMinor } from './parse-amount.js';

describe('amounts of a bank file', () => {
  it.each([
    ['2820.05', 282_005],
    ['-4.00', -400],
    ['+12', 1_200],
    ['-0.5', -50],
    ['0.29', 29],
    ['1.15', 115],
    ['-0.00', 0],
    ['007.10', 710],
    ['90071992547409.91', Number.MAX_SAFE_INTEGER],
    ['-90071992547409.91', Number.MIN_SAFE_INTEGER],
  ])('%s becomes exactly %d minor units, so that no cent is lost', (text, minor) => {
    expect(parseAmountMinor(text)).toBe(minor);
  });

  it.each([
    '1.999',
    '1,000.00',
    '1e3',
    '1.5e1',
    '',
    ' 1.00',
    '1.00 ',
    '.50',
    '5.',
    '--1',
    '+-1',
    '$5.00',
    '0x10',
    'NaN',
    'Infinity',
    '١.٠٠',
    '90071992547409.92',
    '1'.repeat(400),
  ])('%s is refused instead of guessed', (text) => {
    expect(parseAmountMinor(text)).toBeUndefined();
  });
});
