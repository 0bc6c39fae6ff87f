import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { isSealsyncError } from '../errors.js';
import { createMemoryStore } from '../local/memory-store.js';
import type { Role } from '../model/roles.js';
import { foundWorlds } from '../testing/found-worlds.js';
import { disruptOnce } from '../testing/memory-log-faults.js';
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

describe('a look that failed', () => {
  it('is made up for, so that a newcomer whose app stays open gets in', async () => {
    const world = await worlds.found();
    const [link] = await linksFor(world, 'editor', 1);
    world.backend.intercept(disruptOnce('append', { failBefore: 'offline' }, 'cy'));
    const cy = await join(world, 'cy', link);
    expect(cy.budget.people.isJoining).toBe(true);
    await cy.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(MINUTE_MS);
    expect(cy.budget.people.isJoining).toBe(false);
    expect(cy.budget.pendingEdits).toBe(0);
  });

  it('is made up for by an app that comes back with edits of who is still joining', async () => {
    const world = await worlds.found();
    const [link] = await linksFor(world, 'editor', 1);
    const calm = world.backend.intercept(({ operation, uid }) =>
      operation === 'append' && uid === 'cy' ? { failBefore: 'offline' } : undefined,
    );
    await world.accept('cy', link ?? '');
    const contents = new Map<string, Uint8Array>();
    const before = await world.open('cy', { store: createMemoryStore(contents) });
    await before.budget.collection('envelopes').put('food', { limit: 1 });
    await shut(world, before);
    calm();
    const cy = await world.open('cy', { store: createMemoryStore(contents) });
    await world.clock.advance(1_000);
    expect(cy.budget.people.isJoining).toBe(false);
    expect(cy.budget.pendingEdits).toBe(0);
  });

  it('is made up for when the network is back, however long it was away', async () => {
    const world = await worlds.found();
    const [link] = await linksFor(world, 'editor', 1);
    const cut = disruptOnce('append', { failBefore: 'offline' }, 'cy');
    await world.accept('cy', link ?? '');
    const network = { isAway: false };
    const calm = world.backend.intercept((call) => {
      network.isAway ||= cut(call) !== undefined;
      return network.isAway && call.uid === 'cy' ? { failBefore: 'offline' } : undefined;
    });
    const cy = await world.open('cy');
    await world.clock.advance(5 * HOUR_MS);
    expect(network.isAway && cy.budget.people.isJoining).toBe(true);
    calm();
    await world.clock.advance(2 * MINUTE_MS);
    expect(cy.budget.people.isJoining).toBe(false);
  });

  it('for a reason that time does not change is left at that', async () => {
    const world = await worlds.found();
    const [link] = await linksFor(world, 'editor', 1);
    world.backend.intercept(({ operation, uid }) =>
      operation === 'append' && uid === 'cy' ? { failBefore: 'unauthenticated' } : undefined,
    );
    const cy = await join(world, 'cy', link);
    expect(cy.budget.people.isJoining).toBe(true);
    await world.clock.advance(MINUTE_MS);
    const before = cy.count.reads;
    await world.clock.advance(HOUR_MS);
    expect(cy.count.reads - before).toBeLessThanOrEqual(12);
  });
});

describe('members whose apps stay open', () => {
  it('let in who joined, within minutes, also without signaling', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    ann.budget.sync.disableRealtimeSync();
    const made = ann.budget.people.createInvite({ role: 'viewer', expiresInMs: HOUR_MS });
    const { link } = await world.during(made);
    const vic = await join(world, 'vic', link);
    vic.budget.sync.disableRealtimeSync();
    await world.clock.advance(15 * MINUTE_MS);
    expect([...ann.budget.people.members().keys()]).toContain('vic');
    expect(vic.budget.people.isJoining).toBe(false);
  });

  it('let in who joined while their own connection was away', async () => {
    const world = await worlds.found();
    const [link] = await linksFor(world, 'viewer', 1);
    const ann = await world.open('ann');
    await world.clock.advance(MINUTE_MS);
    world.hub.setDown(true);
    await world.accept('vic', link ?? '');
    const vic = await world.open('vic');
    await shut(world, vic);
    world.hub.setDown(false);
    await world.clock.advance(15 * MINUTE_MS);
    expect([...ann.budget.people.members().keys()]).toContain('vic');
  });

  it('pay one read of a document for each look', async () => {
    const pollIntervalMs = 24 * HOUR_MS;
    const world = await worlds.found({ settings: { pollIntervalMs } });
    const ann = await world.open('ann');
    ann.budget.sync.disableRealtimeSync();
    await world.clock.advance(MINUTE_MS);
    const before = { ...ann.count };
    await world.clock.advance(2 * HOUR_MS);
    const looks = ann.count.reads - before.reads;
    expect(looks).toBeGreaterThanOrEqual(11);
    expect(looks).toBeLessThanOrEqual(14);
    expect(ann.count.writes).toBe(before.writes);
  });

  it('look again after syncing was stopped for a while, and never while it is', async () => {
    const world = await worlds.found();
    const [link] = await linksFor(world, 'viewer', 1);
    const ann = await world.open('ann');
    await world.during(ann.budget.sync.stop());
    const before = ann.count.reads;
    await world.accept('vic', link ?? '');
    await world.clock.advance(HOUR_MS);
    expect(ann.count.reads).toBe(before);
    await world.goOnline(ann);
    await world.clock.advance(MINUTE_MS);
    expect([...ann.budget.people.members().keys()]).toContain('vic');
  });
});

describe('hints that people have changed, of which the log knows nothing', () => {
  /** Twenty members, and a signaling server that says so every second for ten minutes. */
  async function flood(world: SyncWorld): Promise<SyncDevice> {
    const ann = await world.open('ann');
    for (let n = 0; n < 18; n += 1) await world.add(ann, `member${String(n)}`, 'viewer');
    await world.clock.advance(MINUTE_MS);
    return ann;
  }

  it('have the wraps of all members read every few minutes, not at each of them', async () => {
    const world = await worlds.found();
    const ann = await flood(world);
    let lists = 0;
    world.backend.intercept(({ operation, uid }) => {
      if (operation === 'listWraps' && uid === 'ann') lists += 1;
      return undefined;
    });
    const before = ann.count.reads;
    for (let second = 0; second < 600; second += 1) {
      world.hub.invent({ type: 'membership_changed' });
      await world.clock.advance(1_000);
    }
    expect(lists).toBeLessThanOrEqual(3);
    expect(ann.count.reads - before).toBeLessThan(600);
  });

  it('have a wrap that was refused mended in the end, also if one came just before', async () => {
    const world = await worlds.found();
    await world.open('ann');
    await world.clock.advance(MINUTE_MS);
    world.hub.invent({ type: 'membership_changed' });
    await world.clock.advance(10_000);
    const stored = world.backend.inspect(world.budgetId);
    const wraps = [...(stored?.wraps ?? [])].filter(([, { recipient }]) => recipient !== 'ben');
    world.backend.overwrite(world.budgetId, { wraps: new Map(wraps) });
    world.hub.invent({ type: 'membership_changed' });
    await world.clock.advance(6 * MINUTE_MS);
    const mended = [...(world.backend.inspect(world.budgetId)?.wraps.values() ?? [])];
    expect(mended.map(({ recipient }) => recipient)).toContain('ben');
  });

  it('by who was let in get them a wrap of their own, although they are gone again', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const made = ann.budget.people.createInvite({ role: 'viewer', expiresInMs: HOUR_MS });
    const { link } = await world.during(made);
    await world.clock.advance(MINUTE_MS);
    world.hub.invent({ type: 'membership_changed' });
    await world.clock.advance(10_000);
    const vic = await join(world, 'vic', link);
    await shut(world, vic);
    await world.clock.advance(6 * MINUTE_MS);
    const wraps = [...(world.backend.inspect(world.budgetId)?.wraps.values() ?? [])];
    expect(wraps.map(({ recipient }) => recipient)).toContain('vic');
  });
});
