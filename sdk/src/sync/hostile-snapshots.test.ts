import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { cutSnapshot, sealSnapshotChunk } from '../crypto/snapshot-chunk.js';
import { sealSnapshotHeader } from '../crypto/snapshot-header.js';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { isDeviceId } from '../model/ids.js';
import { snapshotIdOf } from '../ports/snapshots.js';
import { ok } from '../result.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';
import { encodeCheckpoint } from './checkpoint-codec.js';
import type { Checkpoint } from './checkpoint.js';
import { LocalLog } from './local-log.js';
import { digestConfirmed } from './state-digest.js';

type Disk = Map<string, Uint8Array>;

beforeAll(loadSodium);

async function foundWorld(): Promise<SyncWorld> {
  const world = new SyncWorld();
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

const heardBy = ({ budget }: SyncDevice): string[] => {
  const kinds: string[] = [];
  budget.on('security', ({ kind }) => kinds.push(kind));
  return kinds;
};

async function shut(world: SyncWorld, device: SyncDevice): Promise<void> {
  world.devices.splice(world.devices.indexOf(device), 1);
  await world.during(device.budget.close());
}

async function checkpointOf(world: SyncWorld, uid: string, disk: Disk): Promise<Checkpoint> {
  const { budgetId, epochKey } = world;
  const keys = {
    find: () => epochKey,
    add: () => undefined,
    obtain: () => Promise.resolve(ok()),
  };
  const log = await LocalLog.open(await world.seal(uid, createMemoryStore(disk)), {
    budgetId,
    keys,
  });
  if (!log.ok) throw new Error('there is a log');
  return log.value.confirmed.checkpoint();
}

/** As takeSnapshot seals it, of whatever `uid` wants others to believe, where they just wrote. */
async function forgeSnapshot(world: SyncWorld, uid: string, known: Checkpoint): Promise<string> {
  const { random, epochKey } = world;
  const { seq, hash: headHash } = known.position;
  const position = { ...known.position, digests: { seq, disputed: [] } };
  const bytes = encodeCheckpoint({ ...known, position });
  const slices = cutSnapshot(bytes);
  const nonce = random.bytes(8);
  const chunks = slices.map((slice, index) =>
    sealSnapshotChunk(slice, { seq, nonce, index, count: slices.length }, epochKey, random),
  );
  const device = bytesToHex(random.bytes(16));
  if (!isDeviceId(device)) throw new Error('16 bytes make a device id');
  const header = sealSnapshotHeader({
    seq,
    device,
    t: world.clock.now(),
    headHash,
    epochKey,
    identity: world.identityOf(uid),
    nonce,
    totalBytes: bytes.length,
    chunkHashes: chunks.map((chunk) => sha256(chunk)),
    stateDigest: digestConfirmed(known.state, position),
    random,
  });
  const { snapshots } = world.backend.budgetFor(uid, world.budgetId);
  const put = snapshots.put({ seq, nonce: bytesToHex(nonce), header, chunks });
  expect(await world.during(put)).toMatchObject({ ok: true });
  return snapshotIdOf(seq, uid, bytesToHex(nonce));
}

/** Ann writes three bills, and Ben one, of which he has a checkpoint. */
async function writtenWorld(): Promise<{ world: SyncWorld; ann: SyncDevice; known: Checkpoint }> {
  const world = await foundWorld();
  const disk: Disk = new Map();
  const ann = await world.open('ann');
  await edit(world, ann, 3);
  const ben = await world.open('ben', { store: createMemoryStore(disk) });
  await edit(world, ben, 1);
  await world.settle();
  await shut(world, ben);
  return { world, ann, known: await checkpointOf(world, 'ben', disk) };
}

describe('a snapshot that an editor makes up, of what the log does not state,', () => {
  it('is not believed: nobody who folds the log would ever contradict it', async () => {
    const { world, ann, known } = await writtenWorld();
    known.state.collections.get('bills')?.delete('ann0');
    await forgeSnapshot(world, 'ben', known);
    const cy = await world.open('cy');
    const heard = heardBy(cy);
    await world.settle();
    expect(heard).toEqual(['snapshot_refused']);
    expect(cy.budget.collection('bills').get('ann0')).toEqual({ n: 0 });
    expect(cy.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await world.close();
  });

  it('cannot stop newcomers for good by naming another history', async () => {
    const { world, ann, known } = await writtenWorld();
    await forgeSnapshot(world, 'ben', {
      ...known,
      position: { ...known.position, hash: new Uint8Array(32).fill(7) },
    });
    const cy = await world.open('cy');
    await edit(world, cy, 1);
    await world.settle();
    expect(cy.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await world.close();
  });

  it('cannot stop newcomers for good by lacking a chunk', async () => {
    const { world, ann, known } = await writtenWorld();
    const id = await forgeSnapshot(world, 'ben', known);
    const chunks = new Map(world.backend.inspect(world.budgetId)?.chunks);
    chunks.delete(`${id}/0`);
    world.backend.overwrite(world.budgetId, { chunks });
    const cy = await world.open('cy');
    await edit(world, cy, 1);
    await world.settle();
    expect(cy.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    await world.close();
  });
});
