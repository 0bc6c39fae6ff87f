import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { isSealsyncError } from '../errors.js';
import { foundWorlds } from '../testing/found-worlds.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

/** What an app without types may pass by mistake. */
const mistakes: readonly unknown[] = [
  undefined,
  null,
  1,
  true,
  {},
  [],
  '',
  'x'.repeat(10_000),
  '\0',
  '\ud800',
  '__proto__',
];

/** To remove somebody who is not there is no failure. */
const EXPECTED: ReadonlySet<string> = new Set(['bad_input', 'invite_malformed', 'none']);

const kindOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: unknown) => (isSealsyncError(error) ? error.kind : `untyped: ${String(error)}`),
  );

describe('a value that is none of what a call takes', () => {
  it.each(mistakes.map((value) => [JSON.stringify([value]).slice(0, 20), value]))(
    '%s is refused with a typed error by whatever changes people',
    async (_shown, value) => {
      const world = await worlds.found();
      const { people } = (await world.open('ann')).budget;
      const wrong = value as never;
      const calls: Record<string, () => Promise<unknown>> = {
        removeMember: () => people.removeMember(wrong),
        revokeInvite: () => people.revokeInvite(wrong),
        revokeDevice: () => people.revokeDevice(wrong),
        markVerified: () => people.markVerified(wrong),
        changeRole: () => people.changeRole(wrong),
        'changeRole of whom': () => people.changeRole({ uid: wrong, role: 'editor' }),
        'changeRole to what': () => people.changeRole({ uid: 'ben', role: wrong }),
        addMember: () => people.addMember(wrong),
        'addMember by what': () =>
          people.addMember({ uid: 'cy', role: 'editor', fingerprint: wrong }),
        createInvite: () => people.createInvite(wrong),
        'createInvite as what': () => people.createInvite({ role: wrong, expiresInMs: 1_000 }),
        'createInvite for how long': () =>
          people.createInvite({ role: 'editor', expiresInMs: wrong }),
        acceptInvite: () => world.accept('cy', wrong),
      };
      const untyped: string[] = [];
      for (const [name, call] of Object.entries(calls)) {
        const kind = await kindOf(world.during(call()));
        if (!EXPECTED.has(kind)) untyped.push(`${name}: ${kind}`);
      }
      expect(untyped).toEqual([]);
    },
  );

  it('is refused as input where it is no object, no link, or no text at all', async () => {
    const world = await worlds.found();
    const { people } = (await world.open('ann')).budget;
    for (const wrong of [undefined, null] as never[]) {
      expect(await kindOf(people.createInvite(wrong))).toBe('bad_input');
      expect(await kindOf(people.addMember(wrong))).toBe('bad_input');
      expect(await kindOf(people.changeRole(wrong))).toBe('bad_input');
      expect(await kindOf(world.accept('cy', wrong))).toBe('bad_input');
    }
    expect(await kindOf(people.removeMember('\ud800'))).toBe('bad_input');
  });
});
