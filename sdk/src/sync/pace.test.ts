import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import type { Wakeups } from '../ports/wakeups.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { RemoteCall } from '../testing/memory-log-faults.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

const MINUTE_MS = 60_000;

/** A page that is hidden and shown by hand. */
class Page implements Wakeups {
  hidden = false;
  readonly #listeners = new Set<() => void>();

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isHidden(): boolean {
    return this.hidden;
  }

  show(): void {
    this.hidden = false;
    for (const listener of this.#listeners) listener();
  }
}

/** When Ann's device reads the log, in ms from now on. */
function watchReads(world: SyncWorld, uid = 'ann'): number[] {
  const startMs = world.clock.now();
  const reads: number[] = [];
  world.backend.intercept((call: RemoteCall) => {
    if (call.operation === 'read' && call.uid === uid) reads.push(world.clock.now() - startMs);
    return undefined;
  });
  return reads;
}

/** Long enough for everything that opening a budget causes; then without signaling. */
async function openPolling(world: SyncWorld, uid: string, wakeups?: Wakeups): Promise<SyncDevice> {
  const device = await world.open(uid, wakeups ? { wakeups } : {});
  await world.clock.advance(MINUTE_MS);
  device.budget.sync.disableRealtimeSync();
  return device;
}

const gapsOf = (timesMs: readonly number[]): number[] =>
  timesMs.slice(1).map((timeMs, index) => timeMs - (timesMs[index] ?? 0));

describe('polling without a signaling connection', () => {
  it('is quick for three minutes, and grows to five minutes while nothing happens', async () => {
    const world = await worlds.found();
    await openPolling(world, 'ann');
    const reads = watchReads(world);
    await world.clock.advance(30 * MINUTE_MS);
    const half = MINUTE_MS / 2;
    expect(gapsOf(reads)).toEqual([
      ...[half, half, half, half, half],
      ...[1, 2, 4, 5, 5, 5, 5].map((minutes) => minutes * MINUTE_MS),
    ]);
  });

  it("is quick again after an edit of one's own, and after one of a peer's", async () => {
    const world = await worlds.found();
    const ann = await openPolling(world, 'ann');
    const ben = await openPolling(world, 'ben');
    await world.clock.advance(60 * MINUTE_MS);
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    let reads = watchReads(world);
    await world.clock.advance(MINUTE_MS);
    expect(reads).toEqual([MINUTE_MS / 2, MINUTE_MS]);
    await world.clock.advance(60 * MINUTE_MS);
    await ben.budget.collection('envelopes').put('rent', { limit: 2 });
    reads = watchReads(world);
    await world.clock.advance(6 * MINUTE_MS);
    expect(ann.budget.collection('envelopes').get('rent')).toEqual({ limit: 2 });
    expect(gapsOf(reads)[0]).toBe(MINUTE_MS / 2);
  });

  it('costs two idle clients no write and no signal in an hour, and a read every five minutes', async () => {
    const world = await worlds.found({ settings: { peopleLookIntervalMs: 24 * 60 * MINUTE_MS } });
    for (const uid of ['ann', 'ben']) await openPolling(world, uid);
    await world.clock.advance(60 * MINUTE_MS);
    const before = { ...world.backend.count };
    world.hub.sent.length = 0;
    await world.clock.advance(60 * MINUTE_MS);
    expect(world.hub.sent).toEqual([]);
    expect(world.backend.count.writes).toBe(before.writes);
    expect(world.backend.count.reads - before.reads).toBe(24);
  });
});

describe('a connection that is tried again and again in vain', () => {
  it('does not put off polling', async () => {
    const world = await worlds.found();
    await world.open('ann');
    await world.clock.advance(MINUTE_MS);
    world.hub.setDown(true);
    const reads = watchReads(world);
    for (let second = 0; second < 120; second += 1) {
      world.hub.retryInVain();
      await world.clock.advance(1_000);
    }
    expect(reads).toEqual([1, 2, 3, 4].map((times) => (times * MINUTE_MS) / 2));
  });
});

describe('a page that nobody sees', () => {
  it.each(['polling', 'live'])(
    'reads nothing while it is %s, and at once when shown',
    async (how) => {
      const world = await worlds.found();
      const page = new Page();
      const ann = await openPolling(world, 'ann', page);
      if (how === 'live') ann.budget.sync.enableRealtimeSync('ws://in-memory');
      await world.clock.advance(1_000);
      page.hidden = true;
      const reads = watchReads(world);
      await world.clock.advance(60 * MINUTE_MS);
      expect(reads).toEqual([]);
      page.show();
      await world.clock.advance(0);
      expect(reads).toEqual([60 * MINUTE_MS]);
    },
  );

  it('still gets an edit out that is pending', async () => {
    const world = await worlds.found();
    const page = new Page();
    const ann = await openPolling(world, 'ann', page);
    const calm = world.backend.intercept(() => ({ failBefore: 'offline' }));
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    page.hidden = true;
    await world.clock.advance(10 * MINUTE_MS);
    expect(ann.budget.pendingEdits).toBe(1);
    calm();
    await world.clock.advance(2 * MINUTE_MS);
    expect(ann.budget.pendingEdits).toBe(0);
  });
});

describe('a project whose quota is used up', () => {
  it('is asked at growing intervals, whatever wakes the device meanwhile, and no less than once a minute', async () => {
    const world = await worlds.found();
    const page = new Page();
    const ann = await openPolling(world, 'ann', page);
    await world.clock.advance(1_000);
    const tries: number[] = [];
    const startMs = world.clock.now();
    const calm = world.backend.intercept(() => {
      tries.push(world.clock.now() - startMs);
      return { failBefore: 'quota' };
    });
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    for (let second = 0; second < 600; second += 1) {
      await world.clock.advance(1_000);
      page.show();
    }
    expect(ann.budget.sync.getStatus().error?.kind).toBe('quota');
    const pauses = gapsOf(tries);
    // Jitter takes up to half of 16, 32 and then 60 s.
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(8_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(60_000);
    expect(pauses.length).toBeGreaterThanOrEqual(9);
    calm();
    await world.during(ann.budget.sync.syncNow());
    expect(ann.budget.pendingEdits).toBe(0);
  });

  it('unlike a network that is away, which a wake-up is a reason to try at once', async () => {
    const world = await worlds.found();
    const page = new Page();
    const ann = await openPolling(world, 'ann', page);
    const calm = world.backend.intercept(() => ({ failBefore: 'offline' }));
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(5 * MINUTE_MS);
    calm();
    page.show();
    await world.clock.advance(0);
    expect(ann.budget.pendingEdits).toBe(0);
  });
});
