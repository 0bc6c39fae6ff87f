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
