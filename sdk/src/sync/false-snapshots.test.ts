import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';
import { encodeCheckpoint } from './checkpoint-codec.js';
import { encodeCheckpointHead } from './checkpoint-head.js';
import { CHECKPOINT_HEAD, chunkName } from './local-names.js';
import { readCheckpoint } from './read-local-log.js';

const EVERY = 10;
type Disk = Map<string, Uint8Array>;

beforeAll(loadSodium);

async function foundWorld(): Promise<SyncWorld> {
  const world = new SyncWorld({
    settings: { snapshotEveryEntries: EVERY },
    localLog: { manyEntries: 1, manyBytes: 1 },
  });
  await world.found('ann', 'ben', 'cy');
  return world;
}

async function edit(world: SyncWorld, device: SyncDevice, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    await device.budget.collection('bills').put(`${device.uid}${String(at)}`, { n: at });
    await world.during(device.budget.sync.syncNow());
    await world.clock.advance(3_000);
  }
}

async function shut(world: SyncWorld, device: SyncDevice): Promise<void> {
  world.devices.splice(world.devices.indexOf(device), 1);
  await world.during(device.budget.close());
}

/** Makes a device believe that a bill was never written, and vouch for it from then on. */
async function corruptState(world: SyncWorld, uid: string, disk: Disk): Promise<void> {
  const store = await world.seal(uid, createMemoryStore(disk));
  const stored = await readCheckpoint(store);
  if (!stored.ok || !stored.value) throw new Error('there is a checkpoint');
  const { checkpoint, head } = stored.value;
  checkpoint.state.collections.get('bills')?.delete('ann0');
  const bytes = encodeCheckpoint(checkpoint);
  const changed = encodeCheckpointHead({ ...head, chunks: 1, hash: sha256(bytes) });
  const put = new Map([
    [CHECKPOINT_HEAD, changed],
    [chunkName(head.seq, 0), bytes],
  ]);
  expect(await store.commit({ put })).toEqual({ ok: true, value: undefined });
}

const heardBy = ({ budget }: SyncDevice): string[] => {
  const kinds: string[] = [];
  budget.on('security', ({ kind }) => kinds.push(kind));
  return kinds;
};

/** Ben's device holds something else than the log, and takes a snapshot of it. */
async function falseSnapshot(world: SyncWorld, meanwhile: () => Promise<void>): Promise<void> {
  const disk: Disk = new Map();
  const ann = await world.open('ann');
  await edit(world, ann, 3);
  const before = await world.open('ben', { store: createMemoryStore(disk) });
  await world.settle();
  await shut(world, before);
  await corruptState(world, 'ben', disk);
  await meanwhile();
  const ben = await world.open('ben', { store: createMemoryStore(disk) });
  expect(ben.budget.collection('bills').get('ann0')).toBeUndefined();
  await edit(world, ben, EVERY + 2);
  await shut(world, ben);
}

const snapshotAuthors = (world: SyncWorld): string[] =>
  [...(world.backend.inspect(world.budgetId)?.snapshots.values() ?? [])].map(
    ({ author }) => author,
  );

describe('a snapshot of something that the log does not say', () => {
  it('is disputed by whoever has folded the log, and nobody starts from it', async () => {
    const world = await foundWorld();
    await falseSnapshot(world, () => Promise.resolve());
    expect(snapshotAuthors(world)).toContain('ben');
    const [ann] = world.devices;
    if (!ann) throw new Error('ann is online');
    await world.settle();
    const cy = await world.open('cy');
    await world.settle();
    expect(cy.budget.collection('bills').get('ann0')).toEqual({ n: 0 });
    expect(cy.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await world.close();
  });

  it('is given up by who started from it, once somebody disputes it', async () => {
    const world = await foundWorld();
    await falseSnapshot(world, async () => {
      const [ann] = world.devices;
      if (ann) await world.during(ann.budget.sync.stop());
    });
    const cy = await world.open('cy');
    const heard = heardBy(cy);
    await world.clock.advance(5_000);
    expect(cy.budget.collection('bills').get('ann0')).toBeUndefined();
    await cy.budget.collection('own').put('mine', { n: 1 });
    const [ann] = world.devices;
    if (!ann) throw new Error('ann is there');
    const annHeard = heardBy(ann);
    await world.goOnline(ann);
    await world.settle();
    expect(annHeard).toEqual(['snapshot_disputed']);
    expect(heard).toContain('snapshot_disputed');
    expect(cy.budget.collection('bills').get('ann0')).toEqual({ n: 0 });
    expect(cy.budget.collection('own').get('mine')).toEqual({ n: 1 });
    expect(cy.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await world.close();
  });
});

describe('a device that is closed before it could dispute a digest', () => {
  it('does so when it is open again', async () => {
    const world = await foundWorld();
    const disk: Disk = new Map();
    await falseSnapshot(world, async () => {
      const [ann] = world.devices;
      if (ann) await shut(world, ann);
    });
    const calm = world.backend.intercept(({ operation, uid }) =>
      operation === 'append' && uid === 'cy' ? { failBefore: 'offline' } : undefined,
    );
    // Cy folds the log from its start: a snapshot is no way to know better.
    const { snapshots, chunks } = world.backend.inspect(world.budgetId) ?? {};
    world.backend.overwrite(world.budgetId, { snapshots: new Map(), chunks: new Map() });
    const before = await world.open('cy', { store: createMemoryStore(disk) });
    await world.clock.advance(2_000);
    await shut(world, before);
    calm();
    if (snapshots && chunks) world.backend.overwrite(world.budgetId, { snapshots, chunks });
    const cy = await world.open('cy', { store: createMemoryStore(disk) });
    await world.settle();
    const disputed = cy.budget.verifiedState().seq;
    expect(disputed).toBeGreaterThan(before.budget.verifiedState().seq);
    await world.close();
  });
});
