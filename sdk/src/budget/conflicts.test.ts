import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import type { Conflict } from '../model/conflict.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';
import type { Collection } from './collection.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

type Records = Collection<Record<string, string | number | null>>;
const records = ({ budget }: SyncDevice): Records => budget.collection('bills');

/** Two devices that hold the same bill, and nobody has seen a conflict of. */
async function openBoth(world: SyncWorld): Promise<{ ann: SyncDevice; ben: SyncDevice }> {
  const ann = await world.open('ann');
  const ben = await world.open('ben');
  await records(ann).put('rent', { name: 'Rent', due: 1 });
  await world.settle();
  return { ann, ben };
}

const sides = ({ field, winner, loser }: Conflict): unknown => ({
  field,
  winner: [winner.author, winner.value],
  loser: [loser.author, loser.value],
});

describe('what two people changed without having seen each other', () => {
  /** Ann acts first by the clock; the log takes Ann's change first as well. */
  it.each<[string, (r: Records) => Promise<void>, (r: Records) => Promise<void>, unknown[]]>([
    [
      'one field',
      (r) => r.update('rent', { due: 2 }),
      (r) => r.update('rent', { due: 3 }),
      [{ field: 'due', winner: ['ben', 3], loser: ['ann', 2] }],
    ],
    [
      'a field and the whole record',
      (r) => r.update('rent', { due: 2 }),
      (r) => r.put('rent', { name: 'Home', due: 1 }),
      [{ field: 'due', winner: ['ben', 1], loser: ['ann', 2] }],
    ],
    [
      'a field that the whole record leaves out',
      (r) => r.update('rent', { due: 2 }),
      (r) => r.put('rent', { name: 'Rent' }),
      [{ field: 'due', winner: ['ben', undefined], loser: ['ann', 2] }],
    ],
    [
      'the whole record twice',
      (r) => r.put('rent', { name: 'Flat', due: 1 }),
      (r) => r.put('rent', { name: 'Home', due: 1 }),
      [{ field: 'name', winner: ['ben', 'Home'], loser: ['ann', 'Flat'] }],
    ],
    [
      'a field of a record that the other removed later',
      (r) => r.update('rent', { due: 2 }),
      (r) => r.remove('rent'),
      [{ field: 'due', winner: ['ben', undefined], loser: ['ann', 2] }],
    ],
    [
      'a field of a record that the other removed before',
      (r) => r.remove('rent'),
      (r) => r.update('rent', { due: 3 }),
      [{ field: 'due', winner: ['ann', undefined], loser: ['ben', 3] }],
    ],
    [
      'the same thing',
      (r) => r.update('rent', { due: 2 }),
      (r) => r.update('rent', { due: 2 }),
      [],
    ],
    [
      'two fields',
      (r) => r.update('rent', { due: 2 }),
      (r) => r.update('rent', { name: 'Home' }),
      [],
    ],
    [
      'a number that both added to',
      (r) => r.increment('rent', 'due', 2),
      (r) => r.increment('rent', 'due', 3),
      [],
    ],
  ])('in %s, is told with both values and both authors on both devices', async (...args) => {
    const [, first, second, expected] = args;
    const world = await worlds.found();
    const { ann, ben } = await openBoth(world);
    await ben.budget.sync.stop();
    await first(records(ann));
    await world.clock.advance(1_000);
    await second(records(ben));
    await world.goOnline(ben);
    await world.settle();
    for (const { budget } of world.devices) {
      expect(budget.conflicts().map(sides)).toEqual(expected);
    }
  });
});

describe('a change that was made earlier and pushed later', () => {
  it('is told as the loser when it is confirmed, also on the device that made it', async () => {
    const world = await worlds.found();
    const { ann, ben } = await openBoth(world);
    const heard: unknown[] = [];
    ben.budget.on('conflict', (conflict) => heard.push(sides(conflict)));
    await ben.budget.sync.stop();
    await records(ben).update('rent', { due: 3 });
    await world.clock.advance(1_000);
    await records(ann).update('rent', { due: 2 });
    await world.clock.advance(1_000);
    await world.goOnline(ben);
    await world.settle();
    const lost = [{ field: 'due', winner: ['ann', 2], loser: ['ben', 3] }];
    expect(heard).toEqual(lost);
    expect(ann.budget.conflicts().map(sides)).toEqual(lost);
    expect(records(ben).get('rent')).toEqual({ name: 'Rent', due: 2 });
  });
});

describe('conflicts that nobody listened to', () => {
  it('wait for the first who does, and outlast a restart', async () => {
    const world = await worlds.found();
    const disk = new Map<string, Uint8Array>();
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    const ben = await world.open('ben');
    await records(ann).put('rent', { name: 'Rent', due: 1 });
    await world.settle();
    await Promise.all([
      records(ann).update('rent', { due: 2 }),
      records(ben).update('rent', { due: 3 }),
    ]);
    await world.settle();
    const found = ann.budget.conflicts();
    expect(found).toHaveLength(1);
    const heard: Conflict[] = [];
    ann.budget.on('conflict', (conflict) => heard.push(conflict));
    await world.clock.advance(0);
    expect(heard).toEqual(found);
    await ann.budget.close();
    world.devices.shift();
    const again = await world.open('ann', { store: createMemoryStore(disk), online: false });
    expect(again.budget.conflicts()).toEqual(found);
    await world.goOnline(again);
    await world.settle();
    expect(again.budget.conflicts()).toEqual(found);
  });

  it('are kept up to the newest hundred', async () => {
    const world = await worlds.found();
    const { ann, ben } = await openBoth(world);
    const fields = (value: string): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${String(at)}`, value]));
    await Promise.all([
      records(ann).update('rent', fields('ann')),
      records(ben).update('rent', fields('ben')),
    ]);
    await world.settle();
    const kept = ann.budget.conflicts();
    expect([kept.length, kept[0]?.field, kept.at(-1)?.field]).toEqual([100, 'f100', 'f1']);
  });
});
