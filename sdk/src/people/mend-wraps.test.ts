import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { MAX_LISTED_WRAPS, type StoredWrap } from '../ports/wrapped-keys.js';
import { foundWorlds } from '../testing/found-worlds.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

describe('mending wraps', () => {
  it('costs nothing where nothing is broken, whatever a viewer stores for themselves', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.add(ann, 'vic', 'viewer');
    const junk = Array.from({ length: MAX_LISTED_WRAPS + 20 }, (): StoredWrap => {
      const kid = new Uint8Array([0, ...world.random.bytes(31)]);
      return { epoch: 1, kid, recipient: 'vic', wrap: new Uint8Array([1]) };
    });
    const { wraps } = world.backend.budgetFor('vic', world.budgetId);
    expect((await world.during(wraps.put(junk))).ok).toBe(true);
    const again = await world.open('ann');
    await world.during(again.budget.whenPeopleSettled());
    expect(again.count.writes).toBe(0);
  });
});
