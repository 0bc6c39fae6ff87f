import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeHeadHint } from '../crypto/head-hint.js';
import { isSealsyncError } from '../errors.js';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import type { SecurityEvent } from './security-event.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncWorld } from '../testing/sync-world.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

/** A tag that a member made, of an entry that this log does not hold. */
const tagOf = (world: SyncWorld, seq: number): ReturnType<typeof makeHeadHint> =>
  makeHeadHint({ seq, headHash: new Uint8Array(32).fill(seq), epochKey: world.epochKey });

describe('a writer on a slow network', () => {
  it.each([50, 200, 400])(
    'gets its edit in although one fast writer appends every %s ms',
    async (everyMs) => {
      const world = await worlds.found({ latencyMs: ({ uid }) => (uid === 'ben' ? 400 : 10) });
      const ann = await world.open('ann');
      const ben = await world.open('ben');
      await world.clock.advance(5_000);
      await ben.budget.collection('own').put('slow', { n: 1 });
      for (
        let passedMs = 0;
        passedMs < 30_000 && ben.budget.pendingEdits > 0;
        passedMs += everyMs
      ) {
        await ann.budget.collection('own').put('fast', { n: passedMs });
        await world.clock.advance(everyMs);
      }
      expect(ben.budget.pendingEdits).toBe(0);
    },
  );
});

describe("a change of what one has seen wins, although the other's clock is ahead", () => {
  it.each([
    ['update', { name: 'seen and changed' }],
    ['remove', undefined],
  ])('%s', async (change, expected) => {
    const world = await worlds.found();
    const ben = await world.open('ben', { clockErrorMs: 9 * 60_000 });
    const ann = await world.open('ann');
    await ben.budget.collection('envelopes').put('food', { name: 'from the future' });
    await world.settle();
    if (change === 'remove') await ann.budget.collection('envelopes').remove('food');
    else await ann.budget.collection('envelopes').update('food', { name: 'seen and changed' });
    await world.settle();
    for (const { budget } of world.devices) {
      expect(budget.collection('envelopes').get('food')).toEqual(expected);
    }
  });
});

describe('adding a member', () => {
  it('works with a clock that is 20 minutes wrong, and costs a few writes, not a loop of them', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann', { clockErrorMs: 20 * 60_000 });
    const before = ann.count.writes;
    await world.add(ann, 'cy', 'editor');
    expect([...ann.budget.people.members().keys()]).toContain('cy');
    expect(ann.count.writes - before).toBeLessThanOrEqual(8);
  });

  it('by an editor, with an unknown role or an impossible uid is refused with a typed error', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    const ann = await world.open('ann');
    const kindOf = (adding: Promise<void>): Promise<string> =>
      world.during(
        adding.then(String, (error: unknown) => (isSealsyncError(error) ? error.kind : 'untyped')),
      );
    expect(await kindOf(world.add(ben, 'cy', 'editor'))).toBe('access_denied');
    expect(await kindOf(world.add(ann, 'cy', 'king' as 'owner'))).toBe('bad_input');
    expect(await kindOf(world.add(ann, 'u'.repeat(200), 'editor'))).toBe('bad_input');
  });
});

describe("members' tags", () => {
  it('of a head that is never reached keep nobody from pushing, and cost a read an interval', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.clock.advance(60_000);
    const before = ann.count.reads;
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    for (let passedMs = 0; passedMs < 20_000; passedMs += 50) {
      world.hub.invent({ type: 'data_changed', ...tagOf(world, 200) });
      await world.clock.advance(50);
    }
    expect(ann.budget.pendingEdits).toBe(0);
    expect(ann.count.reads - before).toBeLessThanOrEqual(13);
  });

  it.each(['behind', 'ahead of'])('of another history %s the head are reported', async (place) => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard: SecurityEvent['kind'][] = [];
    ann.budget.on('security', ({ kind }) => heard.push(kind));
    const { seq } = ann.budget.verifiedState();
    const ahead = place === 'ahead of';
    if (ahead) world.hub.invent({ type: 'data_changed', ...tagOf(world, seq + 1) });
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(5_000);
    if (!ahead) world.hub.invent({ type: 'data_changed', ...tagOf(world, seq) });
    // One's own append is noticed at the next pull.
    await world.during(ann.budget.sync.syncNow());
    await world.during(ann.budget.sync.syncNow());
    expect(heard).toEqual(['fork']);
  });

  it('of ever other histories cost a few reads an interval, and one report', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.clock.advance(60_000);
    const heard: SecurityEvent['kind'][] = [];
    ann.budget.on('security', ({ kind }) => heard.push(kind));
    const before = ann.count.reads;
    const { epochKey } = world;
    const { seq: head } = ann.budget.verifiedState();
    for (let round = 0; round < 600; round += 1) {
      const seq = 1 + (round % head);
      const headHash = world.random.bytes(32);
      world.hub.invent({ type: 'data_changed', ...makeHeadHint({ seq, headHash, epochKey }) });
      await world.clock.advance(100);
    }
    expect(heard).toEqual(['fork']);
    // Each position is looked at once, in two reads.
    expect(ann.count.reads - before).toBeLessThanOrEqual(2 * head + 1);
  });
});

describe('a fault that stays', () => {
  it('is told once, not at every look for as long as it lasts', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    ann.budget.sync.disableRealtimeSync();
    await world.clock.advance(1_000);
    const heard: SecurityEvent['kind'][] = [];
    ann.budget.on('security', ({ kind }) => heard.push(kind));
    const entries = new Map(world.backend.inspect(world.budgetId)?.entries);
    entries.delete(entries.size);
    world.backend.overwrite(world.budgetId, { entries });
    await world.clock.advance(3_600_000);
    expect(heard).toEqual(['rollback']);
  });
});

describe('denials', () => {
  it('that pass, as while rules are replaced, cost no pending edit', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const calm = world.backend.intercept(() => ({ failBefore: 'denied' }));
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(5_000);
    calm();
    await world.settle();
    expect(await ann.budget.rejectedEdits()).toEqual([]);
    expect(ann.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
  });
});

describe('stopping', () => {
  it('and starting again at once disturbs nobody who waits for the new start', async () => {
    const world = await worlds.found({ latencyMs: () => 100 });
    const ann = await world.open('ann');
    void ann.budget.sync.syncNow().catch(() => undefined);
    void ann.budget.sync.stop();
    ann.budget.sync.start();
    await world.during(ann.budget.sync.syncNow());
    expect(ann.budget.sync.getStatus().state).toBe('idle');
  });

  it('for good is for good: a closed budget neither syncs nor connects again', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.close();
    expect(() => {
      ann.budget.sync.start();
    }).toThrow('closed');
    expect(() => {
      ann.budget.sync.enableRealtimeSync('ws://in-memory');
    }).toThrow();
    await expect(ann.budget.collection('envelopes').put('a', { n: 1 })).rejects.toThrow('closed');
  });
});

describe("a store of the app's own", () => {
  it('that throws makes the edit fail with a typed error, and syncing goes on', async () => {
    const world = await worlds.found();
    const store = createMemoryStore();
    const fault = { on: false };
    const ann = await world.open('ann', {
      store: {
        get: (key) => store.get(key),
        list: (prefix) => store.list(prefix),
        close: () => store.close(),
        commit: (batch) => {
          if (fault.on) throw new RangeError('disk full');
          return store.commit(batch);
        },
      },
    });
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    fault.on = true;
    await expect(ann.budget.collection('envelopes').put('rent', { limit: 1 })).rejects.toThrow(
      'RangeError',
    );
    await world.clock.advance(1_000);
    fault.on = false;
    await ann.budget.collection('envelopes').put('fun', { limit: 1 });
    const ben = await world.open('ben');
    await world.clock.advance(5_000);
    expect(
      ben.budget
        .collection('envelopes')
        .list()
        .map(([id]) => id),
    ).toEqual(['food', 'fun']);
  });
});
