import { describe, expect, it } from 'vitest';
import { listNames, withEach } from './group.js';

const [ana, ben, cleo] = [{ name: 'Ana' }, { name: 'Ben' }, { name: 'Cleo' }];

describe('a group of people', () => {
  it.each([
    [[ana], 'Ana'],
    [[ana, ben], 'Ana and Ben'],
    [[ana, ben, cleo], 'Ana, Ben and Cleo'],
  ])('is listed as in a sentence: %j', (people, sentence) => {
    expect(listNames(people)).toBe(sentence);
  });

  it('answers in its own order, whoever is first, and counts who is through', async () => {
    let benIsDone = (): void => undefined;
    const afterBen = new Promise<void>((resolve) => (benIsDone = resolve));
    const seen: number[] = [];
    const work = async (person: typeof ana): Promise<string> => {
      if (person === ana) await afterBen;
      else benIsDone();
      return person.name;
    };
    const names = await withEach([ana, ben], work, (done) => seen.push(done));
    expect([names, seen]).toEqual([
      ['Ana', 'Ben'],
      [1, 2],
    ]);
  });
});
