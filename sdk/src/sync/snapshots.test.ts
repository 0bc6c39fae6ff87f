import { beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';

/** Entries after which a device takes a snapshot here. */
const EVERY = 10;

beforeAll(loadSodium);

async function foundWorld(seed = 1): Promise<SyncWorld> {
  const world = new SyncWorld({ seed, settings: { snapshotEveryEntries: EVERY } });
  await world.found('ann', 'ben');
  return world;
}

/** One entry for each edit. */
async function edit(world: SyncWorld, device: SyncDevice, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    const id = `r${String(device.budget.collection('bills').list().length)}`;
    await device.budget.collection('bills').put(id, { n: at });
    await world.during(device.budget.sync.syncNow());
    await world.clock.advance(3_000);
  }
}

const snapshotsOf = (world: SyncWorld) =>
  [...(world.backend.inspect(world.budgetId)?.snapshots.values() ?? [])].sort(
    (a, b) => a.seq - b.seq,
  );

describe('a device that appends', () => {
  it('takes a snapshot after so many entries, from which a newcomer starts with few reads', async () => {
    const world = await foundWorld();
    const ann = await world.open('ann');
    await edit(world, ann, 3 * EVERY);
    expect(snapshotsOf(world).length).toBeGreaterThan(1);
    const fresh = await world.open('ben', { store: createMemoryStore() });
    await world.during(fresh.budget.sync.syncNow());
    expect(fresh.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    expect(fresh.budget.collection('bills').list()).toEqual(ann.budget.collection('bills').list());
    expect(fresh.count.reads).toBeLessThan(EVERY + 10);
    await world.close();
  });

  it('keeps the newest two, and what the floor may come to rest on', async () => {
    const world = await foundWorld();
    const ann = await world.open('ann');
    await edit(world, ann, 8 * EVERY);
    const seqs = snapshotsOf(world).map(({ seq }) => seq);
    expect(seqs).toHaveLength(3);
    expect(world.backend.inspect(world.budgetId)?.chunks.size).toBe(3);
    await world.close();
  });
});

describe('a snapshot that', () => {
  it.each(['putChunk', 'putHeader'] as const)(
    'breaks off at %s is taken later, and nobody sees half of it',
    async (operation) => {
      const world = await foundWorld();
      const ann = await world.open('ann');
      await edit(world, ann, EVERY - 5);
      const calm = world.backend.intercept((call) =>
        call.operation === operation ? { failBefore: 'denied' } : undefined,
      );
      await edit(world, ann, EVERY);
      expect(snapshotsOf(world)).toHaveLength(0);
      const during = await world.open('ben', { store: createMemoryStore() });
      await world.settle();
      calm();
      await edit(world, ann, 1);
      await world.settle();
      expect(snapshotsOf(world)).toHaveLength(1);
      const after = await world.open('ben', { store: createMemoryStore() });
      await world.settle();
      expect(after.budget.verifiedState()).toEqual(during.budget.verifiedState());
      await world.close();
    },
  );

  it('is being stored does not hold up edits', async () => {
    const world = await foundWorld();
    const [ann, ben] = [await world.open('ann'), await world.open('ben')];
    const calm = world.backend.intercept(({ operation }) =>
      operation === 'putChunk' ? { hang: 'before' } : undefined,
    );
    await edit(world, ann, EVERY + 3);
    await world.settle();
    expect(ben.budget.collection('bills').list()).toHaveLength(EVERY + 3);
    calm();
    await world.close();
  });

  it('the project swapped or damaged is refused, told of, and not started from', async () => {
    const world = await foundWorld();
    const ann = await world.open('ann');
    await edit(world, ann, 3 * EVERY);
    const stored = world.backend.inspect(world.budgetId);
    const [first, ...others] = [...(stored?.chunks ?? [])].reverse();
    if (!first) throw new Error('there are chunks');
    const damaged = first[1].slice();
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
    const chunks = new Map([...others, [first[0], damaged] as const]);
    world.backend.overwrite(world.budgetId, { chunks });
    const fresh = await world.open('ben', { store: createMemoryStore() });
    const heard: string[] = [];
    fresh.budget.on('security', ({ kind }) => heard.push(kind));
    await world.settle();
    expect(fresh.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    expect(heard).toEqual(['snapshot_refused']);
    await world.close();
  });
});

describe('an app that is killed while it stores a snapshot', () => {
  it('takes another one when it is open again, and leaves no chunk behind', async () => {
    const world = await foundWorld();
    const disk = new Map<string, Uint8Array>();
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    await edit(world, ann, 1);
    const calm = world.backend.intercept(({ operation }) =>
      operation === 'putHeader' ? { hang: 'before' } : undefined,
    );
    await edit(world, ann, EVERY);
    expect(world.backend.inspect(world.budgetId)?.chunks.size).toBe(1);
    const survived = new Map(disk);
    world.devices.pop();
    await world.during(ann.budget.close());
    calm();
    const again = await world.open('ann', { store: createMemoryStore(survived) });
    await edit(world, again, 1);
    await world.settle();
    expect(snapshotsOf(world)).toHaveLength(1);
    expect(world.backend.inspect(world.budgetId)?.chunks.size).toBe(1);
    await world.close();
  });
});

describe('a copy of a store that has verified nothing', () => {
  it('keeps its edits, although a snapshot holds as many of its twin', async () => {
    const world = await foundWorld();
    const disk = new Map<string, Uint8Array>();
    const twin = await world.open('ann', { store: createMemoryStore(disk), online: false });
    const copied = new Map(disk);
    await world.goOnline(twin);
    await edit(world, twin, EVERY + 1);
    const copy = await world.open('ann', { store: createMemoryStore(copied), online: false });
    for (const id of ['x', 'y']) await copy.budget.collection('own').put(id, { n: 1 });
    await world.goOnline(copy);
    await world.settle();
    expect(twin.budget.collection('own').list()).toHaveLength(2);
    expect(copy.budget.verifiedState()).toEqual(twin.budget.verifiedState());
    await world.close();
  });
});
