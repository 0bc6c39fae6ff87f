import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import type { LocalStore } from '../ports/local-store.js';
import { err } from '../result.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';
import { LocalLog } from './local-log.js';
import { entryName } from './local-names.js';
import { readCheckpoint, readEntriesAfter } from './read-local-log.js';

type Disk = Map<string, Uint8Array>;

const worlds = foundWorlds();
const OFTEN = { manyEntries: 3, manyBytes: 1_000_000 };

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

/** The app is closed; `disk` keeps what it wrote. */
async function shut(world: SyncWorld, device: SyncDevice): Promise<void> {
  await world.during(device.budget.close());
  world.devices.splice(world.devices.indexOf(device), 1);
}

/** What the app shows when it is opened on this disk without a network. */
async function openedOffline(world: SyncWorld, disk: Disk): Promise<SyncDevice> {
  const store = createMemoryStore(new Map(disk));
  return world.open('ann', { store, online: false });
}

/** A device of ann's with `count` entries of her own. */
async function writeEntries(world: SyncWorld, disk: Disk, count: number): Promise<SyncDevice> {
  const ann = await world.open('ann', { store: createMemoryStore(disk) });
  for (let n = 0; n < count; n += 1) {
    await ann.budget.collection('own').put(`r${String(n)}`, { n });
    await world.settle();
  }
  return ann;
}

async function openLog(world: SyncWorld, raw: LocalStore): Promise<LocalLog> {
  const store = await world.seal('ann', raw);
  const { epochKey, budgetId } = world;
  const keys = {
    find: () => epochKey,
    add: () => undefined,
    obtain: () => Promise.reject(new Error('the key is here')),
  };
  const opened = await LocalLog.open(store, { budgetId, keys });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

const goAway = (world: SyncWorld): (() => void) => {
  world.hub.setDown(true);
  const calm = world.backend.intercept(() => ({ failBefore: 'offline' }));
  return () => {
    calm();
    world.hub.setDown(false);
  };
};

const namesOf = (disk: Disk, prefix: string): string[] =>
  [...disk.keys()].filter((name) => name.startsWith(prefix)).sort();

describe('an app that is opened again', () => {
  it.each([10, 60])('reads the head of a log of %s entries and not the log', async (count) => {
    const world = await worlds.found({ localLog: OFTEN });
    const disk: Disk = new Map();
    await shut(world, await writeEntries(world, disk, count));
    const before = world.backend.count.reads;
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    await world.during(ann.budget.whenPeopleSettled());
    expect(ann.budget.collection('own').list()).toHaveLength(count);
    // The head, and again once connected; the note, the budget's document, and a wrap for each of
    // the two members.
    expect(world.backend.count.reads - before).toBe(6);
  });

  it('shows everything without a network, takes edits, and pushes them when it is back', async () => {
    const world = await worlds.found();
    const disk: Disk = new Map();
    await shut(world, await writeEntries(world, disk, 3));
    const comeBack = goAway(world);
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    await expect(world.during(ann.budget.sync.syncNow())).rejects.toMatchObject({
      retryable: true,
    });
    expect(ann.budget.collection('own').list()).toHaveLength(3);
    expect([...ann.budget.people.members().keys()]).toEqual(['ann', 'ben']);
    await ann.budget.collection('own').update('r0', { n: 9 });
    comeBack();
    const ben = await world.open('ben');
    await world.settle();
    expect(ben.budget.collection('own').get('r0')).toEqual({ n: 9 });
    expect(ann.budget.pendingEdits).toBe(0);
  });

  it('is where it was, wherever between two checkpoints it was closed', async () => {
    const world = await worlds.found({ localLog: OFTEN });
    const disk: Disk = new Map();
    const ann = await writeEntries(world, disk, 0);
    for (let n = 0; n < 80; n += 1) {
      await ann.budget.collection('own').put(`r${String(n)}`, { n });
      await world.settle();
      const again = await openedOffline(world, disk);
      expect(again.budget.verifiedState()).toEqual(ann.budget.verifiedState());
      await shut(world, again);
    }
    expect(namesOf(disk, 'entry/').length).toBeLessThanOrEqual(64 + 2 * OFTEN.manyEntries);
    expect(namesOf(disk, 'checkpoint/')).toHaveLength(2);
  });

  it('reads entries of every epoch, although nobody can be asked for their keys', async () => {
    const world = await worlds.found();
    const disk: Disk = new Map();
    const ann = await writeEntries(world, disk, 2);
    await world.during(ann.budget.people.removeMember('ben'));
    await ann.budget.collection('own').put('later', { n: 1 });
    await world.settle();
    goAway(world);
    const again = await openedOffline(world, disk);
    expect(again.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    expect(again.budget.verifiedState().epoch).toBe(2);
  });

  it('notices that the log was cut back meanwhile', async () => {
    const world = await worlds.found();
    const disk: Disk = new Map();
    await shut(world, await writeEntries(world, disk, 3));
    const entries = [...(world.backend.inspect(world.budgetId)?.entries ?? [])].slice(0, -1);
    world.backend.overwrite(world.budgetId, { entries: new Map(entries) });
    const ann = await openedOffline(world, disk);
    const heard: string[] = [];
    ann.budget.on('security', ({ kind }) => heard.push(kind));
    await world.goOnline(ann);
    await world.clock.advance(1_000);
    expect(heard).toEqual(['rollback']);
    expect(ann.budget.collection('own').list()).toHaveLength(3);
  });

  it.each([1, 1_000])(
    'knows recent hashes and the people (a checkpoint after %s)',
    async (many) => {
      const world = await worlds.found({ localLog: { manyEntries: many, manyBytes: 1e9 } });
      const disk: Disk = new Map();
      await shut(world, await writeEntries(world, disk, 5));
      const { confirmed } = await openLog(world, createMemoryStore(disk));
      const stored = world.backend.inspect(world.budgetId)?.entries ?? new Map<number, never>();
      for (let seq = 1; seq < confirmed.position.seq; seq += 1) {
        expect(confirmed.hashAt(seq)).toEqual(stored.get(seq + 1)?.prev);
      }
      expect(confirmed.genesisHash).toEqual(stored.get(2)?.prev);
      // The first entry, and the one that added ben.
      expect(confirmed.checkpoint().peopleFrames).toEqual([
        stored.get(1)?.frame,
        stored.get(2)?.frame,
      ]);
    },
  );
});

/** Takes `commits` of them and then nothing more, like a process that is killed. */
function dyingStore(disk: Disk, commits: number): LocalStore & { readonly isDead: () => boolean } {
  const store = createMemoryStore(disk);
  let left = commits;
  return {
    ...store,
    isDead: () => left < 0,
    commit: (batch) => {
      left -= 1;
      if (left >= 0) return store.commit(batch);
      return Promise.resolve(err({ kind: 'unavailable', message: 'The process was killed' }));
    },
  };
}

describe('an app that is killed between two writes', () => {
  it('neither loses nor repeats an edit that it has acknowledged, whichever writes they were', async () => {
    let isDead = true;
    let commits = 1;
    while (isDead) {
      commits += 1;
      const world = await worlds.found({ seed: commits, localLog: OFTEN });
      const ben = await world.open('ben');
      await ben.budget.collection('shared').put('jar', { coins: 0 });
      await world.settle();
      const disk: Disk = new Map();
      const store = dyingStore(disk, commits);
      const ann = await world.open('ann', { store });
      await world.clock.advance(2_000);
      const kept: string[] = [];
      for (let n = 0; n < 9; n += 1) {
        const made = ann.budget.transact((tx) => {
          tx.collection('own').put(`r${String(n)}`, { n });
          if (ann.budget.collection('shared').get('jar')) {
            tx.collection('shared').increment('jar', 'coins', 1);
          }
        });
        if (
          await made.then(
            () => true,
            () => false,
          )
        )
          kept.push(`r${String(n)}`);
        if (n % 3 === 0) await ben.budget.collection('shared').increment('jar', 'coins', 100);
        if (n % 2 === 0) await world.clock.advance(300);
      }
      await world.clock.advance(300);
      isDead = store.isDead();
      await shut(world, ann);

      const comeBack = goAway(world);
      const again = await openedOffline(world, disk);
      const idsOf = ({ budget }: SyncDevice): string[] =>
        budget
          .collection('own')
          .list()
          .map(([id]) => id);
      expect(idsOf(again)).toEqual(kept);
      comeBack();
      await world.goOnline(again);
      await world.settle(600_000);
      expect(idsOf(ben)).toEqual(kept);
      expect(ben.budget.collection('shared').get('jar')).toEqual({ coins: 300 + kept.length });
      expect(again.budget.verifiedState()).toEqual(ben.budget.verifiedState());
    }
    expect(commits).toBeGreaterThan(20);
  });

  it('while it makes out that its store was copied loses no edit to the copy', async () => {
    let isDead = true;
    for (let commits = 1; isDead; commits += 1) {
      const world = await worlds.found({ seed: commits, localLog: OFTEN });
      const disk: Disk = new Map();
      await shut(world, await writeEntries(world, disk, 2));
      const copied: Disk = new Map(disk);
      const original = await writeEntries(world, disk, 3);
      const store = dyingStore(copied, commits);
      const copy = await world.open('ann', { store, online: false });
      const made = copy.budget.collection('own').put('mine', { n: 1 });
      await made;
      await copy.budget
        .collection('own')
        .put('late', { n: 1 })
        .catch(() => undefined);
      await world.goOnline(copy);
      await world.clock.advance(2_000);
      isDead = store.isDead();
      await shut(world, copy);
      const again = await world.open('ann', { store: createMemoryStore(copied) });
      await world.settle(600_000);
      const ids = original.budget
        .collection('own')
        .list()
        .map(([id]) => id);
      expect(ids).toEqual(expect.arrayContaining(['mine', 'r0', 'r1', 'r2']));
      expect(again.budget.verifiedState()).toEqual(original.budget.verifiedState());
      expect(again.budget.pendingEdits).toBe(0);
    }
  });

  it('drops an edit from the outbox that the log is known to hold', async () => {
    const world = await worlds.found();
    const disk: Disk = new Map();
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    await world.clock.advance(1_000);
    const comeBack = goAway(world);
    await ann.budget.collection('own').put('food', { n: 1 });
    const [name = ''] = namesOf(disk, 'outbox/');
    const edit = disk.get(name) ?? new Uint8Array();
    comeBack();
    await world.settle();
    expect(namesOf(disk, 'outbox/')).toEqual([]);
    await shut(world, ann);
    disk.set(name, edit);
    const again = await world.open('ann', { store: createMemoryStore(disk) });
    expect(again.budget.pendingEdits).toBe(0);
    await world.during(again.budget.sync.syncNow());
    expect(namesOf(disk, 'outbox/')).toEqual([]);
  });
});

describe('a store that fails now and then', () => {
  it.each([1, 2, 3, 4])('holds all in the end (seed %s)', async (seed) => {
    const world = await worlds.found({ seed, localLog: OFTEN });
    const disk: Disk = new Map();
    const store = createMemoryStore(disk);
    const fault = { isOn: true };
    const unsteady: LocalStore = {
      ...store,
      commit: (batch) =>
        fault.isOn && world.random.fraction() < 0.4
          ? Promise.resolve(err({ kind: 'unavailable', message: 'Busy' }))
          : store.commit(batch),
    };
    // Its first commit names the device.
    fault.isOn = false;
    const ann = await world.open('ann', { store: unsteady });
    fault.isOn = true;
    const ben = await world.open('ben');
    const kept: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      const id = `r${String(n).padStart(2, '0')}`;
      const made = ann.budget.collection('own').put(id, { n });
      if (
        await made.then(
          () => true,
          () => false,
        )
      )
        kept.push(id);
      await ben.budget.collection('shared').put('jar', { n });
      await world.clock.advance(700);
    }
    fault.isOn = false;
    await world.settle(600_000);
    expect(
      ben.budget
        .collection('own')
        .list()
        .map(([id]) => id),
    ).toEqual(kept);
    await world.during(ann.budget.sync.syncNow());
    const again = await openedOffline(world, disk);
    expect(again.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    expect(again.budget.pendingEdits).toBe(0);
  });
});

describe('a device that goes on from elsewhere', () => {
  it('keeps that as soon as a failing store takes it, and nothing that does not follow', async () => {
    const world = await worlds.found();
    const disk: Disk = new Map();
    const ann = await writeEntries(world, disk, 2);
    const short: Disk = new Map(disk);
    for (const id of ['a', 'b', 'c']) {
      await ann.budget.collection('own').put(id, { n: 1 });
      await world.settle();
    }
    const long = await openLog(world, createMemoryStore(disk));
    const fault = { isOn: true };
    const raw = createMemoryStore(short);
    const log = await openLog(world, {
      ...raw,
      commit: (batch) =>
        fault.isOn
          ? Promise.resolve(err({ kind: 'unavailable', message: 'Full' }))
          : raw.commit(batch),
    });
    log.confirmed.load(long.confirmed.checkpoint());
    expect(await log.startOver({})).toMatchObject({ ok: false });
    fault.isOn = false;
    expect(await log.write()).toMatchObject({ ok: true });
    const again = await openLog(world, createMemoryStore(short));
    expect(again.confirmed.checkpoint()).toEqual(long.confirmed.checkpoint());
    expect(namesOf(short, 'entry/')).toEqual([]);
  });
});

describe('what cannot be read in a local store', () => {
  const damage = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, at) => (at === bytes.length - 9 ? byte ^ 1 : byte));
  const makeNewer = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, at) => (at === 1 ? 2 : byte));

  it.each([
    ['checkpoint/', damage, 'store_corrupt'],
    ['checkpoint/head', makeNewer, 'store_newer'],
    ['keys/', damage, 'store_corrupt'],
    ['keys/', makeNewer, 'store_newer'],
    ['entry/', damage, 'store_corrupt'],
    ['entry/', makeNewer, 'store_newer'],
  ] as const)('%s: is told, and nothing is deleted', async (prefix, change, kind) => {
    const world = await worlds.found({ localLog: OFTEN });
    const disk: Disk = new Map();
    await shut(world, await writeEntries(world, disk, 8));
    const name = namesOf(disk, prefix).at(-1) ?? '';
    const sealed = await world.seal('ann', createMemoryStore(disk));
    const read = await sealed.get(name);
    const bytes = read.ok ? read.value : undefined;
    await sealed.commit({ put: new Map([[name, change(bytes ?? new Uint8Array())]]) });
    const before = new Map(disk);
    const store = createMemoryStore(disk);
    await expect(world.open('ann', { store })).rejects.toMatchObject({ kind });
    expect(disk).toEqual(before);
  });

  it('an entry that is missing between two others', async () => {
    const world = await worlds.found();
    const disk: Disk = new Map();
    await shut(world, await writeEntries(world, disk, 4));
    disk.delete(entryName(3));
    const store = createMemoryStore(disk);
    await expect(world.open('ann', { store })).rejects.toMatchObject({ kind: 'store_corrupt' });
  });
});

describe('another process that reads along', () => {
  it('gets what is new behind its own position, or hears that it has to take the checkpoint', async () => {
    const world = await worlds.found({ localLog: OFTEN });
    const disk: Disk = new Map();
    const ann = await writeEntries(world, disk, 80);
    const store = await world.seal('ann', createMemoryStore(disk));
    const { seq } = ann.budget.verifiedState();
    for (const behind of [0, 1, 7, 8, 9, 30]) {
      const read = await readEntriesAfter(store, seq - behind);
      const seqs = read.ok ? read.value?.map((entry) => entry.seq) : undefined;
      expect(seqs).toEqual(Array.from({ length: behind }, (_, n) => seq - behind + 1 + n));
    }
    expect(await readEntriesAfter(store, 1)).toEqual({ ok: true, value: undefined });
    const stored = await readCheckpoint(store);
    const from = stored.ok ? (stored.value?.head.seq ?? 0) : 0;
    expect(seq - from).toBeLessThan(OFTEN.manyEntries);
    expect(await readEntriesAfter(store, from)).toMatchObject({ ok: true });
  });
});
