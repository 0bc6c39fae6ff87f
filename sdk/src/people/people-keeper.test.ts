import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { isSealsyncError } from '../errors.js';
import type { Role } from '../model/roles.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';

const worlds = foundWorlds();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

async function shut(world: SyncWorld, device: SyncDevice): Promise<void> {
  world.devices.splice(world.devices.indexOf(device), 1);
  await world.during(device.budget.close());
}

/** Links of ann's, who is offline again afterwards. */
async function linksFor(world: SyncWorld, role: Role, count: number): Promise<string[]> {
  const ann = await world.open('ann');
  const links: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const options = { role, expiresInMs: 24 * HOUR_MS };
    links.push((await world.during(ann.budget.people.createInvite(options))).link);
  }
  await shut(world, ann);
  return links;
}

async function join(world: SyncWorld, uid: string, link: string | undefined): Promise<SyncDevice> {
  await world.accept(uid, link ?? '');
  return world.open(uid);
}

describe('people who wait to be let in', () => {
  it('say so once, and do not keep each other reading while nobody is there', async () => {
    const world = await worlds.found();
    const links = await linksFor(world, 'viewer', 2);
    const first = await join(world, 'vic', links[0]);
    await join(world, 'vera', links[1]);
    await world.clock.advance(MINUTE_MS);
    const before = first.count.reads;
    await world.clock.advance(HOUR_MS);
    // The safety pulls of an hour.
    expect(first.count.reads - before).toBe(12);
  });
});

describe('whoever waits for the first look', () => {
  it('is told that the budget was closed before it came to one', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann', { online: false });
    const settled = ann.budget
      .whenPeopleSettled()
      .catch((error: unknown) => (isSealsyncError(error) ? error.kind : 'untyped'));
    await shut(world, ann);
    expect(await settled).toBe('closed');
  });
});
