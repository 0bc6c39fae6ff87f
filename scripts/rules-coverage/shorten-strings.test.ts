import { describe, expect, it } from 'vitest';
import { shortenStrings } from './shorten-strings.js';

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

describe('a report with long strings', () => {
  const report = {
    list: ['short', 'x'.repeat(50), '', 'quote " and \\ and \u0001', `${'y'.repeat(9)}"tail`],
    [`key ${'k'.repeat(3)}`]: { n: -1.5e3, yes: true, none: null },
    uml: 'äöü',
  };

  it.each([1, 2, 3, 7, 1000])(
    'reads the same but for their ends, in chunks of %s',
    async (size) => {
      const text = await shortenStrings(inChunks(JSON.stringify(report), size), 10);
      expect(JSON.parse(text)).toEqual({
        list: ['short', 'x'.repeat(10), '', 'quote " a', `${'y'.repeat(9)}"`],
        'key kkk': { n: -1.5e3, yes: true, none: null },
        uml: 'äöü',
      });
    },
  );

  it('keeps or cuts an escape sequence as a whole', async () => {
    const text = await shortenStrings(inChunks('["abc\\u0041def"]', 4), 4);
    expect(JSON.parse(text)).toEqual(['abcA']);
  });
});
