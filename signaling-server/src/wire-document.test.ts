import { readFileSync } from 'node:fs';
import { CLOSE_CODES } from '@sealsync/protocol';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from './limits/limits.js';

const document = readFileSync(new URL('../../docs/signaling.md', import.meta.url), 'utf8');

/** The cells of every table row under a heading, without the header and its rule. */
function readTable(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = document.split(`\n## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/signaling.md', () => {
  it('lists every close code with what a client does about it, and no other', () => {
    const documented = Object.entries(CLOSE_CODES).map(([name, { code, then, means }]) => [
      String(code),
      `\`${name}\``,
      then,
      means,
    ]);
    expect(readTable('Close codes')).toEqual(documented);
  });

  it('lists every limit of the server with its default', () => {
    const documented = new Map(readTable('Limits').map(([name = '', value = '']) => [name, value]));
    for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
      const [number = ''] = (documented.get(`\`${name}\``) ?? '').split(' ');
      expect([name, Number(number.replaceAll(',', ''))]).toEqual([name, value]);
    }
  });
});
