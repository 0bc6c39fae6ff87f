import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './list.js';

const engine = new URL('../../sdk/src/', import.meta.url);

describe('the list of mutants', () => {
  it.each(MUTANTS)('still has its place in the engine: $name', ({ file, find, replace }) => {
    const parts = readFileSync(new URL(file, engine), 'utf8').split(find);
    expect(parts.length - 1, 'times that its text occurs').toBe(1);
    expect(replace, 'a fault changes something').not.toBe(find);
  });

  it('names each once, or one could not be tried alone', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
