import { decode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCanonical, encodeCanonical, type Item } from './cbor.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const { item: anyItem } = fc.letrec<{ item: Item }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Item>(
      null,
      true,
      false,
      0,
      -1,
      0.5,
      2 ** 53,
      -(2 ** 53),
      1e300,
      '',
      '\uFEFF',
      '\uFFFD',
    ),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('item'), { maxLength: 30 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('item'), { maxKeys: 30 }),
  ),
}));

describe('reading canonical CBOR', () => {
  it('gives back every item that can be written: no edit becomes unreadable', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const bytes = encodeCanonical(item);
        const read = decodeCanonical(bytes);
        expect(read).toBeDefined();
        expect(hexOf(encodeCanonical(read as Item))).toBe(hexOf(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  // Otherwise two devices could hold the same edit under different bytes, and digests would differ.
  it('refuses whatever would be written otherwise, however a member bends the bytes', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    const seen = { refused: 0, accepted: 0 };
    fc.assert(
      fc.property(anyItem, changes, (item, bent) => {
        const bytes = Uint8Array.from(encodeCanonical(item));
        for (const [at, byte] of bent) bytes[at % bytes.length] = byte;
        const read = decodeCanonical(bytes);
        seen[read === undefined ? 'refused' : 'accepted'] += 1;
        if (read !== undefined) expect(hexOf(encodeCanonical(read))).toBe(hexOf(bytes));
      }),
      { numRuns: 20_000 },
    );
    expect(seen.refused).toBeGreaterThan(1_000);
    expect(seen.accepted).toBeGreaterThan(1_000);
  });

  it.each([
    ['an integer that is longer than needed', '1801'],
    ['a length that is longer than needed', '7801' + '61'],
    ['a half float', 'f93800'],
    ['a single float', 'fa3f000000'],
    ['a float that is an integer', 'fb3ff0000000000000'],
    ['minus zero', 'fb8000000000000000'],
    ['an integer that is no safe one', '3b001fffffffffffff'],
    ['keys in the wrong order', 'a2616201616101'],
    ['a longer key before a shorter one', 'a262616101616201'],
    ['keys in the wrong order behind a nested map', 'a3616101616ca1617a01616201'],
    ['a repeated key', 'a2616101616101'],
    ['a key that is a number', 'a10101'],
    ['undefined', 'f7'],
    ['an indefinite array', '9f01ff'],
    ['a tag', 'c101'],
    ['text that is no UTF-8', '61ff'],
    ['a key that is no UTF-8', 'a161ff01'],
    ['bytes behind the item', '0101'],
    ['an item that is cut short', '8201'],
  ])('refuses %s', (_, hex) => {
    expect(decodeCanonical(bytesOf(hex))).toBeUndefined();
  });

  it('keeps what a plain decoder loses: a byte order mark at the start of text', () => {
    const bytes = encodeCanonical('\uFEFFDate');
    expect(decode(bytes)).toBe('Date');
    expect(decodeCanonical(bytes)).toBe('\uFEFFDate');
  });
});
