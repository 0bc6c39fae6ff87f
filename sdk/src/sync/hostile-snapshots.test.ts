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
import { NOBODY } from '../model/people.js';
import type { Statement } from '../model/membership.js';
import type { StoredBudget } from '../testing/memory-stored-budget.js';
import { encodeCheckpointHead, headOf } from './checkpoint-head.js';
import { CHECKPOINT_HEAD, chunkName } from './local-names.js';
import { advancePosition, isDisputed, LOG_START, MAX_DISPUTED } from './log-position.js';
import { encodeCheckpoint } from './checkpoint-codec.js';
import type { Checkpoint } from './checkpoint.js';
import { LocalLog } from './local-log.js';
import { digestConfirmed } from './state-digest.js';

type Disk = Map<string, Uint8Array>;

beforeAll(loadSodium);

const EVERY = 10;

async function foundWorld(snapshotEveryEntries = 1_000): Promise<SyncWorld> {
  const world = new SyncWorld({ settings: { snapshotEveryEntries } });
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
  const store = await world.seal(uid, createMemoryStore(disk));
  const log = await LocalLog.open(store, { budgetId, keys });
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

const stored = (world: SyncWorld): StoredBudget => {
  const budget = world.backend.inspect(world.budgetId);
  if (!budget) throw new Error('there is a budget');
  return budget;
};

/** As an owner's device prunes, or a project that says so: what lies before the newest snapshot. */
function pruneTo(world: SyncWorld, keepOlder = false): void {
  const { snapshots, entries } = stored(world);
  const newest = [...snapshots.values()].reduce((a, b) => (a.seq > b.seq ? a : b));
  const floor = newest.seq - 1;
  world.backend.overwrite(world.budgetId, {
    floor,
    base: newest.id,
    entries: new Map([...entries].filter(([seq]) => seq > floor)),
    snapshots: keepOlder ? snapshots : new Map([[newest.id, newest]]),
  });
}

/** Has the device of `disk` believe something else of the log, and vouch for it from then on. */
async function mislead(
  world: SyncWorld,
  uid: string,
  disk: Disk,
  change: (known: Checkpoint) => void,
): Promise<void> {
  const known = await checkpointOf(world, uid, disk);
  change(known);
  const store = await world.seal(uid, createMemoryStore(disk));
  const bytes = encodeCheckpoint(known);
  const { seq } = known.position;
  const put = new Map([
    [CHECKPOINT_HEAD, encodeCheckpointHead(headOf(seq, bytes, 1))],
    [chunkName(seq, 0), bytes],
  ]);
  expect(await store.commit({ put })).toEqual({ ok: true, value: undefined });
}

async function shutCopy(world: SyncWorld, uid: string): Promise<{ disk: Disk; device: string }> {
  const disk: Disk = new Map();
  const copy = await world.open(uid, { store: createMemoryStore(disk) });
  await edit(world, copy, 1);
  await world.settle();
  const device = await copy.store.get('device');
  if (!device.ok) throw new Error('there is a device');
  await shut(world, copy);
  return { disk, device: new TextDecoder().decode(device.value) };
}

describe('a device that waits with an edit of its own', () => {
  it('does not forget it because a false snapshot says that the log holds it', async () => {
    const world = await foundWorld(EVERY);
    const ann = await world.open('ann');
    await edit(world, ann, 1);
    const cy = await shutCopy(world, 'cy');
    const ben = await shutCopy(world, 'ben');
    await world.during(ann.budget.sync.stop());
    const late = await world.open('cy', { store: createMemoryStore(cy.disk), online: false });
    await late.budget.collection('bills').put('late', { n: 1 });
    await shut(world, late);
    await mislead(world, 'ben', ben.disk, ({ state }) => {
      if (isDeviceId(cy.device)) state.applied.set(cy.device, 2);
    });
    const liar = await world.open('ben', { store: createMemoryStore(ben.disk) });
    await edit(world, liar, EVERY + 2);
    await shut(world, liar);
    const before = stored(world);
    pruneTo(world);
    const back = await world.open('cy', { store: createMemoryStore(cy.disk) });
    await world.during(back.budget.sync.syncNow());
    const { entries } = stored(world);
    world.backend.overwrite(world.budgetId, {
      floor: 0,
      entries: new Map([...before.entries, ...entries]),
    });
    await world.goOnline(ann);
    await world.settle();
    expect(ann.budget.collection('bills').get('late')).toEqual({ n: 1 });
    expect(back.budget.collection('bills').get('late')).toEqual({ n: 1 });
    await world.close();
  });

  it('is not led from its history to another one by a snapshot and a floor', async () => {
    const world = await foundWorld(EVERY);
    const ben = await shutCopy(world, 'ben');
    const ann = await shutCopy(world, 'ann');
    const before = stored(world);
    const writer = await world.open('ann', { store: createMemoryStore(ann.disk) });
    await writer.budget.collection('bills').put('mine', { n: 1 });
    await world.during(writer.budget.sync.syncNow());
    expect(writer.budget.pendingEdits).toBe(0);
    await shut(world, writer);
    world.backend.overwrite(world.budgetId, before);
    const other = await world.open('ben', { store: createMemoryStore(ben.disk) });
    await edit(world, other, EVERY + 2);
    await shut(world, other);
    pruneTo(world);
    const back = await world.open('ann', { store: createMemoryStore(ann.disk) });
    const heard = heardBy(back);
    await world.clock.advance(10_000);
    expect(back.budget.collection('bills').get('mine')).toEqual({ n: 1 });
    expect(heard).toContain('snapshot_refused');
    await world.close();
  });
});

describe('a device whose snapshot somebody contradicts', () => {
  it('neither takes over what contradicts it nor stops, once there is nothing else to go by', async () => {
    const world = await foundWorld(EVERY);
    const ann = await world.open('ann');
    const ben = await shutCopy(world, 'ben');
    await edit(world, ann, EVERY + 2);
    await world.during(ann.budget.sync.stop());
    await catchUp(world, ben.disk);
    await mislead(world, 'ben', ben.disk, ({ state }) => {
      state.collections.get('bills')?.delete('ann0');
    });
    pruneTo(world);
    const cy = await world.open('cy');
    await world.during(cy.budget.sync.syncNow());
    const heard = heardBy(cy);
    const liar = await world.open('ben', { store: createMemoryStore(ben.disk) });
    await edit(world, liar, EVERY + 2);
    await shut(world, liar);
    expect(heard).toContain('snapshot_disputed');
    expect(cy.budget.collection('bills').get('ann0')).toEqual({ n: 0 });
    await edit(world, cy, 1);
    expect(cy.budget.sync.getStatus().state).toBe('idle');
    await world.close();
  });

  it('does not go back behind what it has verified', async () => {
    const world = await foundWorld(EVERY);
    const ann = await world.open('ann');
    await edit(world, ann, 1);
    const ben = await shutCopy(world, 'ben');
    await world.during(ann.budget.sync.stop());
    await mislead(world, 'ben', ben.disk, ({ state }) => {
      state.collections.get('bills')?.delete('ann0');
    });
    const liar = await world.open('ben', { store: createMemoryStore(ben.disk) });
    await edit(world, liar, EVERY + 2);
    await shut(world, liar);
    const cy = await world.open('cy');
    const heard = heardBy(cy);
    await edit(world, cy, 1);
    const { seq } = cy.budget.verifiedState();
    world.backend.tamper('cy', world.budgetId, (page) =>
      page[0]?.seq === 1 ? page.slice(0, 4) : page,
    );
    await world.goOnline(ann);
    await world.clock.advance(20_000);
    expect(cy.budget.verifiedState().seq).toBeGreaterThanOrEqual(seq);
    expect(cy.budget.collection('bills').get('cy0')).toEqual({ n: 0 });
    expect(heard).toContain('rollback');
    await world.close();
  });
});

/** Reads to the end of the log and closes. */
async function catchUp(world: SyncWorld, disk: Disk): Promise<void> {
  const device = await world.open('ben', { store: createMemoryStore(disk) });
  await world.during(device.budget.sync.syncNow());
  await shut(world, device);
}

describe('a device that cannot store its snapshots', () => {
  it('does not write to the log again and again while nobody edits', async () => {
    const world = await foundWorld(EVERY);
    world.backend.intercept(({ operation }) =>
      operation === 'putHeader' ? { failBefore: 'denied' } : undefined,
    );
    const ann = await world.open('ann');
    await edit(world, ann, EVERY + 2);
    await world.clock.advance(600_000);
    const { size } = stored(world).entries;
    await world.clock.advance(3_600_000);
    expect(stored(world).entries.size).toBe(size);
    await world.close();
  });
});

describe('disputes', () => {
  it('are not forgotten because others are piled on top', () => {
    let position = LOG_START;
    const people = NOBODY;
    const kid = new Uint8Array(32);
    const say = (statement: Statement): void => {
      const entry = { seq: position.seq + 1, epoch: 1, kid, t: 1 };
      const said = { people, statements: [statement] };
      position = advancePosition(position, entry, kid, said);
    };
    say({ type: 'state_digest', digest: kid });
    say({ type: 'digest_disputed', seq: 1 });
    for (let at = 0; at < 2 * MAX_DISPUTED; at += 1) {
      say({ type: 'state_digest', digest: kid });
      say({ type: 'digest_disputed', seq: position.seq });
    }
    expect(isDisputed(position.digests, 1)).toBe(true);
    say({ type: 'state_digest', digest: kid });
    expect(isDisputed(position.digests, position.seq)).toBe(false);
  });
});
