import { beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { SNAPSHOT_AGE_MS } from '../ports/snapshots.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';

const EVERY = 10;
type Disk = Map<string, Uint8Array>;

beforeAll(loadSodium);

async function foundWorld(): Promise<SyncWorld> {
  const world = new SyncWorld({ settings: { snapshotEveryEntries: EVERY } });
  await world.found('ann', 'ben');
  return world;
}

async function count(world: SyncWorld, device: SyncDevice, times: number): Promise<void> {
  const jar = device.budget.collection('shared');
  for (let at = 0; at < times; at += 1) {
    if (jar.get('jar')) await jar.increment('jar', 'coins', 1);
    else await jar.put('jar', { coins: 1 });
    await world.during(device.budget.sync.syncNow());
    await world.clock.advance(3_000);
  }
}

async function shut(world: SyncWorld, device: SyncDevice): Promise<void> {
  world.devices.splice(world.devices.indexOf(device), 1);
  await world.during(device.budget.close());
}

const stored = (world: SyncWorld) => {
  const budget = world.backend.inspect(world.budgetId);
  if (!budget) throw new Error('there is a budget');
  return budget;
};

/** Ann counts, everybody is away for a month, and she prunes. */
async function prunedWorld(): Promise<{ world: SyncWorld; ann: SyncDevice; disk: Disk }> {
  const world = await foundWorld();
  const disk: Disk = new Map();
  const before = await world.open('ann', { store: createMemoryStore(disk) });
  await count(world, before, 2 * EVERY);
  await shut(world, before);
  await world.clock.advance(SNAPSHOT_AGE_MS);
  const ann = await world.open('ann', { store: createMemoryStore(disk) });
  await count(world, ann, 1);
  return { world, ann, disk };
}

const coins = ({ budget }: SyncDevice) => budget.collection('shared').get('jar')?.['coins'];

describe('an owner who removes old history', () => {
  it('removes what a snapshot of a month ago covers, and a newcomer reads the same', async () => {
    const { world, ann } = await prunedWorld();
    const progress: number[] = [];
    const onProgress = (done: number): number => progress.push(done);
    const pruned = await world.during(ann.budget.pruneHistory({ onProgress }));
    expect(pruned.removed).toBeGreaterThan(EVERY);
    expect(progress.at(-1)).toBe(pruned.removed);
    expect(stored(world).floor).toBe(pruned.floor);
    expect(Math.min(...stored(world).entries.keys())).toBe(pruned.floor + 1);
    const fresh = await world.open('ben');
    await world.settle();
    expect(fresh.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await count(world, fresh, 2);
    await world.settle();
    expect(coins(ann)).toBe(2 * EVERY + 3);
    await world.close();
  });

  it('removes nothing while no snapshot is old enough', async () => {
    const world = await foundWorld();
    const ann = await world.open('ann');
    await count(world, ann, 2 * EVERY);
    const entries = stored(world).entries.size;
    expect(await world.during(ann.budget.pruneHistory())).toEqual({ removed: 0, floor: 0 });
    expect(stored(world).entries.size).toBe(entries);
    await world.close();
  });

  it.each(['raiseFloor', 'prune'] as const)(
    'goes on where it was stopped by a failing %s',
    async (operation) => {
      const { world, ann } = await prunedWorld();
      const calm = world.backend.intercept((call) =>
        call.operation === operation ? { loseAnswer: 'offline' } : undefined,
      );
      await expect(world.during(ann.budget.pruneHistory())).rejects.toMatchObject({
        kind: 'offline',
      });
      calm();
      const { floor } = await world.during(ann.budget.pruneHistory());
      expect(Math.min(...stored(world).entries.keys())).toBe(floor + 1);
      const fresh = await world.open('ben');
      await world.settle();
      expect(coins(fresh)).toBe(coins(ann));
      await world.close();
    },
  );

  it('is stopped if the snapshot cannot be read: the history is worth more', async () => {
    const { world, ann } = await prunedWorld();
    world.backend.overwrite(world.budgetId, { chunks: new Map() });
    await world.during(ann.budget.pruneHistory()).catch(() => undefined);
    expect(stored(world).floor).toBe(0);
    expect(Math.min(...stored(world).entries.keys())).toBe(1);
    await world.close();
  });

  it('has to be one, and has to have signed in recently', async () => {
    const { world, ann } = await prunedWorld();
    const ben = await world.open('ben');
    await world.settle();
    await expect(world.during(ben.budget.pruneHistory())).rejects.toMatchObject({
      kind: 'access_denied',
    });
    world.backend.signedInRecently('ann', false);
    await expect(world.during(ann.budget.pruneHistory())).rejects.toMatchObject({
      kind: 'access_denied',
    });
    expect(stored(world).floor).toBe(0);
    await world.close();
  });
});

describe('a device that was away for longer than the history goes back', () => {
  it('keeps its edits, and none that was taken already counts twice', async () => {
    const world = await foundWorld();
    const disk: Disk = new Map();
    const ann = await world.open('ann');
    await count(world, ann, 1);
    const away = await world.open('ben', { store: createMemoryStore(disk) });
    await world.settle();
    // One edit that the log takes without this device hearing so, and one that it never gets.
    const calm = world.backend.intercept(({ operation, uid }) =>
      operation === 'append' && uid === 'ben' ? { hang: 'after' } : undefined,
    );
    await away.budget.collection('shared').increment('jar', 'coins', 100);
    await world.clock.advance(1_000);
    await away.budget.collection('own').put('late', { n: 1 });
    const survived = new Map(disk);
    await shut(world, away);
    calm();
    await world.settle();
    await count(world, ann, 2 * EVERY);
    await world.during(ann.budget.sync.stop());
    await world.clock.advance(SNAPSHOT_AGE_MS);
    await world.goOnline(ann);
    await count(world, ann, 1);
    expect((await world.during(ann.budget.pruneHistory())).removed).toBeGreaterThan(EVERY);
    const store = createMemoryStore(survived);
    const back = await world.open('ben', { store, online: false });
    expect(back.budget.pendingEdits).toBe(2);
    await world.goOnline(back);
    await world.settle();
    expect(back.budget.pendingEdits).toBe(0);
    expect(coins(back)).toBe(2 * EVERY + 2 + 100);
    expect(ann.budget.collection('own').get('late')).toEqual({ n: 1 });
    expect(back.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await world.close();
  });

  it('stays with what it has, and says why, if no snapshot can be used', async () => {
    const { world, ann, disk } = await prunedWorld();
    const survived = new Map(disk);
    await count(world, ann, 1);
    await world.during(ann.budget.pruneHistory());
    const ben = await world.open('ben');
    await world.settle();
    await shut(world, ben);
    expect(survived.size).toBeGreaterThan(0);
    world.backend.overwrite(world.budgetId, { snapshots: new Map(), chunks: new Map() });
    const fresh = await world.open('ben');
    await expect(world.during(fresh.budget.sync.syncNow())).rejects.toMatchObject({
      kind: 'log_halted',
    });
    await world.close();
  });
});
