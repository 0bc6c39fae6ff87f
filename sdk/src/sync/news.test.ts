import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BudgetEvents } from '../budget/budget-events.js';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { disruptOnce } from '../testing/memory-log-faults.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice } from '../testing/sync-world.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

/** All that `device` tells of one event from now on. */
function hear<K extends keyof BudgetEvents>(device: SyncDevice, event: K): BudgetEvents[K][] {
  const heard: BudgetEvents[K][] = [];
  device.budget.on(event, (news) => heard.push(news));
  return heard;
}

describe('the events of a budget', () => {
  it('name every record that was changed or removed, and who did it', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    const updated = hear(ben, 'record_updated');
    const deleted = hear(ben, 'record_deleted');
    await ann.budget.transact((tx) => {
      tx.collection('envelopes').put('food', { limit: 1 });
      tx.collection('accounts').put('bank', { balance: 2 });
    });
    await world.clock.advance(1_000);
    await ben.budget.collection('envelopes').remove('food');
    expect(updated).toEqual([
      { collection: 'envelopes', id: 'food', origin: 'remote' },
      { collection: 'accounts', id: 'bank', origin: 'remote' },
    ]);
    expect(deleted).toEqual([{ collection: 'envelopes', id: 'food', origin: 'local' }]);
  });

  it('tell how the connection fares, who is there, and that somebody asks to look', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const changes = hear(ann, 'connection_state_changed');
    const presence = hear(ann, 'presence');
    const requests = hear(ann, 'sync_required');
    world.hub.setDown(true);
    world.hub.setDown(false);
    world.hub.invent({ type: 'sync_required' });
    world.hub.invent({ type: 'presence', tag: 'ab'.repeat(8), state: 'editing' });
    world.hub.invent({ type: 'disconnected', from: 'cd'.repeat(8) });
    expect(changes).toEqual([
      { from: 'connected', to: 'reconnecting' },
      { from: 'reconnecting', to: 'connected' },
    ]);
    expect(requests).toEqual([{ type: 'sync_required' }]);
    expect(presence.map(({ type }) => type)).toEqual(['presence', 'disconnected']);
  });

  it('tell of a failure in the background once for as long as it lasts, and again when it returns', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.clock.advance(60_000);
    const errors = hear(ann, 'error');
    for (const kind of ['offline', 'quota', 'offline'] as const) {
      const calm = world.backend.intercept(() => ({ failBefore: kind }));
      await ann.budget.collection('envelopes').put('food', { limit: 1 });
      await world.clock.advance(300_000);
      calm();
      await world.during(ann.budget.sync.syncNow());
    }
    expect(errors.map(({ kind }) => kind)).toEqual(['offline', 'quota', 'offline']);
  });

  it('survive a listener that throws, as do those who listen beside it', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    ann.budget.on('record_updated', () => {
      throw new Error('of the app');
    });
    const updated = hear(ann, 'record_updated');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    expect(updated).toHaveLength(1);
    expect(ann.budget.pendingEdits).toBe(0);
  });
});

describe('progress', () => {
  it('is told of a first look at a long log, up to its end', async () => {
    const world = await worlds.found({ settings: { snapshotEveryEntries: 1_000_000 } });
    const ann = await world.open('ann');
    for (let n = 0; n < 160; n += 1) {
      await ann.budget.collection('envelopes').put('food', { n });
      await world.during(ann.budget.sync.syncNow());
    }
    const { seq } = ann.budget.verifiedState();
    const ben = await world.open('ben', { online: false });
    const heard = hear(ben, 'progress');
    await world.goOnline(ben);
    await world.during(ben.budget.sync.syncNow());
    expect(heard[0]).toEqual({ phase: 'pull', done: 150, total: seq });
    expect(heard.at(-1)).toEqual({ phase: 'pull', done: seq, total: seq });
  });

  it('is told of a large outbox, and of no small edit', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hear(ann, 'progress');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(60_000);
    expect(heard).toEqual([]);
    const calm = world.backend.intercept(() => ({ failBefore: 'offline' }));
    const note = 'n'.repeat(200_000);
    for (let n = 0; n < 20; n += 1) {
      await ann.budget.collection('envelopes').put(`big${String(n)}`, { note });
    }
    calm();
    await world.during(ann.budget.sync.syncNow());
    expect(heard[0]).toEqual({ phase: 'push', done: 0, total: 20 });
    expect(heard.at(-1)).toEqual({ phase: 'push', done: 20, total: 20 });
    const done = heard.map((progress) => progress.done);
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
  });
});

describe('metrics', () => {
  it('add up what syncing has cost and how it went', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await world.clock.advance(60_000);
    const before = ann.budget.sync.getMetrics();
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    await ben.budget.collection('envelopes').put('rent', { limit: 1 });
    await world.clock.advance(1_000);
    world.backend.intercept(disruptOnce('append', { loseAnswer: 'offline' }));
    await ann.budget.collection('envelopes').put('fun', { limit: 1 });
    await world.clock.advance(10_000);
    world.hub.setDown(true);
    world.hub.setDown(false);
    await world.clock.advance(1_000);
    const after = ann.budget.sync.getMetrics();
    expect(after.pushes - before.pushes).toBe(1);
    expect(after.entriesAppended - before.entriesAppended).toBe(1);
    expect(after.retries - before.retries).toBe(1);
    expect(after.reconnects - before.reconnects).toBe(1);
    expect(after.signalsOut - before.signalsOut).toBe(1);
    expect(after.signalsIn).toBeGreaterThan(before.signalsIn);
    expect(after.entriesRead).toBeGreaterThan(before.entriesRead);
    expect(after.lastSyncAt).toBeGreaterThan(before.lastSyncAt ?? 0);
    ann.budget.sync.disableRealtimeSync();
    expect(ann.budget.sync.getMetrics().signalsOut).toBe(after.signalsOut);
  });
});

describe('closing', () => {
  it('with time to flush has the log take what is pending, although a first try fails', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    world.backend.intercept(disruptOnce('append', { failBefore: 'offline' }));
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.during(ann.budget.close({ flushTimeoutMs: 10_000 }));
    world.devices.pop();
    const ben = await world.open('ben');
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
  });

  it('waits no longer than told where the network is away, and keeps what is pending', async () => {
    const world = await worlds.found();
    const disk = new Map<string, Uint8Array>();
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    const calm = world.backend.intercept(() => ({ failBefore: 'offline' }));
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    const startMs = world.clock.now();
    await world.during(ann.budget.close({ flushTimeoutMs: 5_000 }));
    expect(world.clock.now() - startMs).toBeLessThanOrEqual(5_100);
    world.devices.pop();
    calm();
    await world.open('ann', { store: createMemoryStore(disk) });
    const ben = await world.open('ben');
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
  });
});

describe('a page that is gone without a word, as when it is frozen or killed', () => {
  it.each([
    ['before its edit was sent', { hang: 'before' }],
    ['after its edit was taken', { hang: 'after' }],
  ] as const)('%s: the edit counts once when it is opened again', async (_when, disruption) => {
    const world = await worlds.found();
    const disk = new Map<string, Uint8Array>();
    const first = await world.open('ann', { store: createMemoryStore(disk) });
    await first.budget.collection('envelopes').put('food', { spent: 0 });
    await world.clock.advance(60_000);
    const calm = world.backend.intercept(disruptOnce('append', disruption));
    await first.budget.collection('envelopes').increment('food', 'spent', 7);
    await world.clock.advance(0);
    // What lies on the disk at this moment is all that is left of the page.
    const left = new Map(disk);
    calm();
    world.devices.pop();
    await world.open('ann', { store: createMemoryStore(left) });
    const ben = await world.open('ben');
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ spent: 7 });
    await world.during(first.budget.close());
  });
});
