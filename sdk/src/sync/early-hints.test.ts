import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HeadHint } from '@sealsync/protocol';
import { makeHeadHint } from '../crypto/head-hint.js';
import { loadSodium } from '../crypto/sodium.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { Disruption, RemoteCall } from '../testing/memory-log-faults.js';
import type { SyncDevice, SyncWorld, SyncWorldOptions } from '../testing/sync-world.js';
import { CommitPace } from './commit-pace.js';
import type { SecurityEvent } from './security-event.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

const COMMIT_MS = 60;
const SIGNAL_MS = 40;
const SLOW: SyncWorldOptions = { latencyMs: () => COMMIT_MS, signalDelayMs: SIGNAL_MS };

interface Pair {
  readonly world: SyncWorld;
  readonly ann: SyncDevice;
  readonly ben: SyncDevice;
}

async function openPair(options: SyncWorldOptions = SLOW): Promise<Pair> {
  const world = await worlds.found(options);
  const ann = await world.open('ann');
  const ben = await world.open('ben');
  await world.settle();
  return { world, ann, ben };
}

/** As a person edits: one at a time, with a rest behind each. */
async function edit({ world }: Pair, { budget }: SyncDevice, times = 1): Promise<void> {
  for (let n = 1; n <= times; n += 1) {
    await budget.collection('envelopes').put('food', { limit: n });
    await world.clock.advance(3_000);
  }
}

/** When each call of the log begins, in ms from now on; `disrupt` may spoil it. */
function watchCalls(
  world: SyncWorld,
  disrupt?: (call: RemoteCall) => Disruption | undefined,
): { what: string; atMs: number }[] {
  const startMs = world.clock.now();
  const calls: { what: string; atMs: number }[] = [];
  world.backend.intercept((call) => {
    const { uid, operation } = call;
    calls.push({ what: `${uid} ${operation}`, atMs: world.clock.now() - startMs });
    return disrupt?.(call);
  });
  return calls;
}

function hearSecurity({ budget }: SyncDevice): SecurityEvent['kind'][] {
  const heard: SecurityEvent['kind'][] = [];
  budget.on('security', ({ kind }) => heard.push(kind));
  return heard;
}

const earlyOf = (world: SyncWorld): unknown[] =>
  world.hub.sent.filter((signal) => signal.type === 'data_changed' && signal.early);

const promise = (world: SyncWorld, seq: number): HeadHint =>
  makeHeadHint({
    seq,
    headHash: world.random.bytes(32),
    epochKey: world.epochKey,
    early: true,
  });

describe('an edit over a slow network', () => {
  it('is read by a peer as soon as it can be, in one read: two trips and not three', async () => {
    const pair = await openPair();
    const { world, ann, ben } = pair;
    await edit(pair, ann, 20);
    const before = ben.count.reads;
    const calls = watchCalls(world);
    await ann.budget.collection('envelopes').put('food', { limit: 99 });
    await world.clock.advance(2 * COMMIT_MS + SIGNAL_MS / 2);
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 99 });
    await world.clock.advance(5_000);
    const [append, read, ...more] = calls;
    expect([append?.what, read?.what, more]).toEqual(['ann append', 'ben read', []]);
    // The answer takes as long as the commit; the hint was on its way before.
    expect(read?.atMs).toBeLessThanOrEqual(COMMIT_MS + 5);
    expect(ben.count.reads - before).toBe(1);
  });

  it('is hinted at early once, and then by the head that was reached', async () => {
    const pair = await openPair();
    const { world, ann } = pair;
    await edit(pair, ann, 20);
    world.hub.sent.length = 0;
    await edit(pair, ann);
    const { seq } = ann.budget.verifiedState();
    expect(world.hub.sent).toMatchObject([
      { type: 'data_changed', seq, early: true },
      { type: 'data_changed', seq },
    ]);
    expect(world.hub.sent[1]).not.toHaveProperty('early');
  });

  it('is not hinted at early by who has yet to learn how long commits take', async () => {
    const pair = await openPair();
    await edit(pair, pair.ann);
    expect(earlyOf(pair.world)).toEqual([]);
  });

  it('whose commit fails costs its peers one read, and no alarm', async () => {
    const pair = await openPair();
    const { world, ann, ben } = pair;
    await edit(pair, ann, 20);
    const heard = hearSecurity(ben);
    const before = ben.count.reads;
    const calls = watchCalls(world, ({ operation }) =>
      operation === 'append' ? { delayMs: 500, failBefore: 'offline' } : undefined,
    );
    world.hub.sent.length = 0;
    await ann.budget.collection('envelopes').put('food', { limit: 99 });
    await world.clock.advance(600);
    expect(earlyOf(world)).toHaveLength(1);
    expect(calls.filter(({ what }) => what === 'ben read')).toHaveLength(1);
    expect(ben.count.reads - before).toBe(1);
    expect(heard).toEqual([]);
  });

  it('that loses a race costs one more read at most, and looks like no other history', async () => {
    const pair = await openPair();
    const { world, ann, ben } = pair;
    const cat = await world.open('ann');
    await world.settle();
    await edit(pair, ann, 20);
    await edit(pair, ben, 20);
    const heard = [ann, ben, cat].map(hearSecurity);
    world.hub.sent.length = 0;
    const before = cat.count.reads;
    const { seq } = cat.budget.verifiedState();
    await ann.budget.collection('envelopes').put('food', { limit: 98 });
    await ben.budget.collection('envelopes').put('rent', { limit: 99 });
    await world.settle();
    await world.clock.advance(5_000);
    // Both promised the same position; who lost tried again without a promise.
    expect(earlyOf(world)).toMatchObject([{ seq: seq + 1 }, { seq: seq + 1 }]);
    expect(cat.budget.verifiedState().seq).toBe(seq + 2);
    expect(heard).toEqual([[], [], []]);
    expect(cat.count.reads - before).toBeLessThanOrEqual(3);
  });

  it('costs peers one read each, edit by edit, and idle hours stay as cheap as ever', async () => {
    const pair = await openPair();
    const { world, ann, ben } = pair;
    await edit(pair, ann, 5);
    const before = ben.count.reads;
    await edit(pair, ann, 100);
    // A safety pull falls into every five minutes.
    expect(ben.count.reads - before).toBeLessThanOrEqual(105);
    world.hub.sent.length = 0;
    const { reads } = world.backend.count;
    await world.clock.advance(3_600_000);
    expect(world.hub.sent).toEqual([]);
    expect(world.backend.count.reads - reads).toBe(24);
  });
});

describe('edits without a pause', () => {
  it('give up early hints before they exceed what a server allows, and the last is told', async () => {
    const pair = await openPair();
    const { world, ann, ben } = pair;
    await edit(pair, ann, 5);
    world.hub.sent.length = 0;
    const startMs = world.clock.now();
    for (let n = 0; n < 400; n += 1) {
      await ann.budget.collection('envelopes').put('food', { n });
      await world.clock.advance(COMMIT_MS);
    }
    const seconds = (world.clock.now() - startMs) / 1_000;
    expect(world.hub.sent.length).toBeLessThanOrEqual(30 + 15 * seconds);
    const last = world.hub.sent.slice(-20);
    expect(last.filter((signal) => 'early' in signal)).toEqual([]);
    await world.clock.advance(1_000);
    expect(ben.budget.collection('envelopes').get('food')).toMatchObject({ n: 399 });
  });
});

describe('an edit over a fast network', () => {
  it('is not hinted at early, since nobody would gain from it', async () => {
    const pair = await openPair({ latencyMs: () => 8, signalDelayMs: 1 });
    const { world, ann, ben } = pair;
    const before = ben.count.reads;
    await edit(pair, ann, 100);
    expect(earlyOf(world)).toEqual([]);
    expect(ben.count.reads - before).toBeLessThanOrEqual(105);
  });
});

describe('commits that take very different times', () => {
  it('are hinted at so late that most reads find them', async () => {
    let n = 0;
    const latencyMs = ({ operation }: RemoteCall): number =>
      operation === 'append' ? 50 + 10 * (n++ % 4) : 50;
    const pair = await openPair({ latencyMs, signalDelayMs: SIGNAL_MS });
    await edit(pair, pair.ann, 10);
    const before = pair.ben.count.reads;
    await edit(pair, pair.ann, 50);
    expect(pair.ben.count.reads - before).toBeLessThanOrEqual(55);
  });
});

describe("a member's early hints", () => {
  it('that come true never cost one read each, however often they are repeated', async () => {
    const { world, ben } = await openPair();
    await world.clock.advance(60_000);
    const before = ben.count.reads;
    const { seq } = ben.budget.verifiedState();
    for (let round = 0; round < 200; round += 1) {
      world.hub.invent({ type: 'data_changed', ...promise(world, seq + 1) });
      await world.clock.advance(100);
    }
    expect(ben.count.reads - before).toBe(1);
  });

  it('of ever further positions cost no more than a bounded number of reads', async () => {
    const { world, ben } = await openPair();
    await world.clock.advance(60_000);
    const before = ben.count.reads;
    const { seq } = ben.budget.verifiedState();
    for (let ahead = 1; ahead < 200; ahead += 1) {
      world.hub.invent({ type: 'data_changed', ...promise(world, seq + ahead) });
      await world.clock.advance(100);
    }
    expect(ben.count.reads - before).toBeLessThanOrEqual(64);
  });

  it('of what is there already, of another history or epoch, or with a wrong tag cost nothing', async () => {
    const { world, ben } = await openPair();
    await world.clock.advance(60_000);
    const heard = hearSecurity(ben);
    const before = ben.count.reads;
    const { seq } = ben.budget.verifiedState();
    const next = promise(world, seq + 1);
    for (const hint of [
      promise(world, seq),
      { ...next, epoch: next.epoch + 1 },
      { ...next, mac8: '0'.repeat(16) },
    ]) {
      world.hub.invent({ type: 'data_changed', ...hint });
    }
    const { early: _, ...turned } = next;
    world.hub.invent({ type: 'data_changed', ...turned });
    await world.clock.advance(10_000);
    expect(ben.count.reads).toBe(before);
    expect(heard).toEqual([]);
  });

  it('of an epoch that has ended cost nothing', async () => {
    const { world, ann, ben } = await openPair();
    const old = promise(world, ben.budget.verifiedState().seq + 20);
    await world.during(ann.budget.people.rotateKey());
    await world.settle();
    await world.clock.advance(60_000);
    expect(ben.budget.verifiedState().seq).toBeLessThan(old.seq);
    const before = ben.count.reads;
    world.hub.invent({ type: 'data_changed', ...old });
    await world.clock.advance(10_000);
    expect(ben.count.reads).toBe(before);
  });
});

describe('the pace of commits', () => {
  it('is unknown at first, then near the mean where it is steady, and above it where it is not', () => {
    const steady = new CommitPace();
    const uneven = new CommitPace();
    steady.note(100);
    steady.note(100);
    expect(steady.usualMs).toBeUndefined();
    for (let n = 0; n < 40; n += 1) {
      steady.note(100);
      uneven.note(n % 2 === 0 ? 50 : 150);
    }
    expect(steady.usualMs).toBeCloseTo(100, 1);
    expect(uneven.usualMs).toBeGreaterThan(140);
  });

  it('learns nothing from a clock that was set back meanwhile', () => {
    const pace = new CommitPace();
    for (const tookMs of [100, -5_000, 100, -5_000]) pace.note(tookMs);
    expect(pace.usualMs).toBeUndefined();
  });
});
