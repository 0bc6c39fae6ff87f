import { describe, expect, it } from 'vitest';
import { castPeople, MAX_PEOPLE, MIN_PEOPLE } from './cast-people.js';

describe('who plays along', () => {
  it('is an owner and an editor, then a viewer, then more editors', () => {
    const roles = castPeople(5).map(({ role }) => role);
    expect(roles).toEqual(['owner', 'editor', 'viewer', 'editor', 'editor']);
  });

  it.each([MIN_PEOPLE, MAX_PEOPLE])(
    'is as many as were asked for: %d, of different names',
    (count) => {
      expect(new Set(castPeople(count).map(({ name }) => name)).size).toBe(count);
    },
  );
});
