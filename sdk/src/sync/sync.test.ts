import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import type { WorldShapes } from '../testing/sync-world.js';
import type { Transaction } from '../budget/budget.js';
import type { Conflict } from '../model/conflict.js';
import { createMemoryStore } from '../local/memory-store.js';
import { disruptOnce } from '../testing/memory-log-faults.js';
import { foundWorlds } from '../testing/found-worlds.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

describe('two people on one budget', () => {
  it("show each other's edits as soon as a signal has crossed", async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    const heard: string[] = [];
    ben.budget.collection('envelopes').subscribe(({ ids, origin }) => {
      heard.push(`${origin}: ${[...ids].join()}`);
    });
    await ann.budget.collection('envelopes').put('food', { limit: 45_000 });
    await world.clock.advance(0);
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 45_000 });
    expect(heard).toEqual(['remote: food']);
  });

  it('add up increments that both make at once', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await ann.budget.collection('envelopes').put('food', { spent: 100 });
    await world.settle();
    await Promise.all([
      ann.budget.collection('envelopes').increment('food', 'spent', 20),
      ben.budget.collection('envelopes').increment('food', 'spent', 3),
    ]);
    await world.settle();
    for (const { budget } of world.devices) {
      expect(budget.collection('envelopes').get('food')).toEqual({ spent: 123 });
    }
  });

  it('hear of a conflict with both values and both authors, whoever wins', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await ann.budget.collection('envelopes').put('food', { name: 'Food' });
    await world.settle();
    const conflicts: Conflict[][] = world.devices.map(({ budget }) => {
      const heard: Conflict[] = [];
      budget.on('conflict', (conflict) => heard.push(conflict));
      return heard;
    });
    await Promise.all([
      ann.budget.collection('envelopes').update('food', { name: 'Groceries' }),
      ben.budget.collection('envelopes').update('food', { name: 'Eating' }),
    ]);
    await world.settle();
    expect(conflicts[0]).toHaveLength(1);
    expect(conflicts[1]).toEqual(conflicts[0]);
    const [conflict] = conflicts[0] ?? [];
    expect([conflict?.winner.author, conflict?.loser.author].sort()).toEqual(['ann', 'ben']);
    expect([conflict?.winner.value, conflict?.loser.value].sort()).toEqual(['Eating', 'Groceries']);
    const seen = ann.budget.collection('envelopes').get('food');
    expect(seen).toEqual({ name: conflict?.winner.value });
  });

  it('see all of a transaction or none of it', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    const sums: unknown[] = [];
    ben.budget.collection('accounts').subscribe(() => {
      sums.push(ben.budget.collection('accounts').list().length);
    });
    await ann.budget.transact((tx) => {
      tx.collection('accounts').put('from', { balance: -5 });
      tx.collection('accounts').put('to', { balance: 5 });
    });
    await world.settle();
    expect(sums).toEqual([2]);
  });
});

describe('a transaction', () => {
  it('whose function awaits is refused as a whole, since the rest of it would come too late', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const move: (tx: Transaction<WorldShapes>) => unknown = async (tx) => {
      tx.collection('accounts').put('from', { balance: -5 });
      await Promise.resolve();
      tx.collection('accounts').put('to', { balance: 5 });
    };
    await expect(ann.budget.transact(move)).rejects.toMatchObject({ kind: 'bad_input' });
    expect(ann.budget.collection('accounts').list()).toEqual([]);
    expect(ann.budget.pendingEdits).toBe(0);
  });
});

describe('an idle hour', () => {
  it('costs two connected clients no write, no signal, and only the safety pulls', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    const before = { ...world.backend.count };
    world.hub.sent.length = 0;
    await world.clock.advance(3_600_000);
    expect(world.hub.sent).toEqual([]);
    expect(world.backend.count.writes).toBe(before.writes);
    // An hour holds twelve intervals of five minutes, for each of the two.
    expect(world.backend.count.reads - before.reads).toBe(24);
    expect(ben.budget.pendingEdits).toBe(0);
  });
});

describe('an edit', () => {
  it('is one write and no read on the device that makes it', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const before = { ...ann.count };
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(0);
    expect(ann.count.writes - before.writes).toBe(1);
    expect(ann.count.reads - before.reads).toBe(0);
  });

  it('is applied once when the acknowledgement of its append is lost', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('envelopes').put('food', { spent: 0 });
    await world.settle();
    world.backend.intercept(disruptOnce('append', { loseAnswer: 'offline' }));
    await ann.budget.collection('envelopes').increment('food', 'spent', 7);
    await world.settle();
    const ben = await world.open('ben');
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ spent: 7 });
  });

  it('made offline survives a restart of the app and is pushed later', async () => {
    const world = await worlds.found();
    const disk = new Map<string, Uint8Array>();
    const before = await world.open('ann', { store: createMemoryStore(disk), online: false });
    await before.budget.collection('envelopes').put('food', { limit: 9 });
    await before.budget.close();
    world.devices.pop();
    await world.open('ann', { store: createMemoryStore(disk) });
    const ben = await world.open('ben');
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 9 });
  });

  it.each([-5, 5])('goes through although the device clock is %s hours wrong', async (hours) => {
    const world = await worlds.found();
    const ann = await world.open('ann', { clockErrorMs: hours * 3_600_000 });
    const ben = await world.open('ben');
    await ann.budget.collection('envelopes').put('food', { limit: 9 });
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 9 });
  });

  it('that a demoted member made is kept as rejected, not lost', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    world.backend.overwrite(world.budgetId, { members: { ann: 'owner', ben: 'viewer' } });
    await ben.budget.collection('envelopes').put('food', { limit: 9 });
    await world.clock.advance(5_000);
    expect(ben.budget.pendingEdits).toBe(0);
    expect(ben.budget.sync.getStatus().error?.kind).toBe('access_denied');
    const [rejected] = await ben.budget.rejectedEdits();
    expect(rejected?.ops).toMatchObject([{ type: 'put', id: 'food', fields: { limit: 9 } }]);
  });
});

describe('a signal', () => {
  it('is never sent faster than the server allows, and the newest head is told in the end', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    for (let n = 0; n < 200; n += 1) {
      await ann.budget.collection('envelopes').put('food', { n });
      await world.clock.advance(1);
    }
    expect(world.hub.sent.length).toBeLessThanOrEqual(40);
    await world.clock.advance(500);
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ n: 199 });
  });

  it('that nobody can have made costs at most one read an interval', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.clock.advance(60_000);
    const before = ann.count.reads;
    for (let round = 0; round < 1_000; round += 1) world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(2_500);
    const afterFlood = ann.count.reads - before;
    expect(afterFlood).toBeLessThanOrEqual(2);
    world.hub.invent({
      type: 'data_changed',
      seq: 99,
      epoch: 1,
      head8: '0'.repeat(16),
      mac8: '0'.repeat(16),
    });
    await world.clock.advance(1_000);
    expect(ann.count.reads - before).toBe(afterFlood);
  });

  it('that got lost is made up for when the connection is back', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    world.hub.setDown(true);
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    expect(ben.budget.collection('envelopes').get('food')).toBeUndefined();
    world.hub.setDown(false);
    await world.clock.advance(10);
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
  });
});
