import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { foundWorlds } from '../testing/found-worlds.js';
import { disruptOnce } from '../testing/memory-log-faults.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';

const worlds = foundWorlds();

beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

async function shut(world: SyncWorld, device: SyncDevice): Promise<void> {
  world.devices.splice(world.devices.indexOf(device), 1);
  await world.during(device.budget.close());
}

/** A world in which a device of ben has noted the budget, and was closed again. */
async function foundNoted(contents = new Map<string, Uint8Array>()): Promise<SyncWorld> {
  const world = await worlds.found();
  const ben = await world.open('ben', { store: createMemoryStore(contents) });
  await world.during(ben.budget.whenPeopleSettled());
  await shut(world, ben);
  expect(world.backend.inspectPins('ben').size).toBe(1);
  return world;
}

/** The project serves a log of its own under the budget's id: its "ann" has added the genuine ben. */
async function plantLog(world: SyncWorld): Promise<void> {
  const planted = await worlds.found({ seed: 99 }, world.identitiesOf('ben'));
  const stored = planted.backend.inspect(planted.budgetId);
  if (!stored) throw new Error('there is a planted log');
  world.backend.overwrite(world.budgetId, stored);
}

/** What ben's device did with an edit, a minute after it went online. */
async function tryToWrite(
  world: SyncWorld,
  options: Parameters<SyncWorld['open']>[1] = {},
): Promise<{ ben: SyncDevice; heard: string[]; pinWrites: number }> {
  const before = world.backend.inspectPins('ben').get(world.budgetId);
  const ben = await world.open('ben', { ...options, online: false });
  const heard: string[] = [];
  ben.budget.on('security', ({ kind }) => heard.push(kind));
  await ben.budget.collection('envelopes').put('salary', { limit: 4200 });
  await world.goOnline(ben);
  await world.clock.advance(60_000);
  const after = world.backend.inspectPins('ben').get(world.budgetId);
  return { ben, heard, pinWrites: before === after ? 0 : 1 };
}

describe('a budget’s note', () => {
  it('that was altered keeps a planted log from being read, and stays as it is', async () => {
    const world = await foundNoted();
    await plantLog(world);
    const garbled = new Uint8Array([1, 2, 3]);
    world.backend.overwritePins('ben', new Map([[world.budgetId, garbled]]));
    const { ben, heard, pinWrites } = await tryToWrite(world);
    expect(ben.budget.pendingEdits).toBe(1);
    expect(ben.budget.verifiedState().seq).toBe(0);
    expect(ben.budget.sync.getStatus()).toMatchObject({
      state: 'halted',
      error: { kind: 'not_genuine' },
    });
    expect(heard).toEqual(['pin_not_genuine']);
    expect(pinWrites).toBe(0);
  });

  it('that is put right again lets the device go on', async () => {
    const world = await foundNoted();
    const genuine = world.backend.inspectPins('ben');
    world.backend.overwritePins('ben', new Map([[world.budgetId, new Uint8Array([1])]]));
    const { ben } = await tryToWrite(world);
    expect(ben.budget.pendingEdits).toBe(1);
    world.backend.overwritePins('ben', genuine);
    await world.clock.advance(3_600_000);
    expect(ben.budget.pendingEdits).toBe(0);
  });

  it('that cannot be read at first is read before anything of the log is', async () => {
    const world = await foundNoted();
    await plantLog(world);
    world.backend.intercept(disruptOnce('readPin', { failBefore: 'offline' }, 'ben'));
    const { ben, heard, pinWrites } = await tryToWrite(world);
    expect(ben.budget.pendingEdits).toBe(1);
    expect(ben.budget.verifiedState().seq).toBe(0);
    expect(heard).toContain('fork');
    expect(pinWrites).toBe(0);
  });

  it('is not needed where the device has verified the budget before', async () => {
    const contents = new Map<string, Uint8Array>();
    const world = await foundNoted(contents);
    await plantLog(world);
    world.backend.overwritePins('ben', new Map());
    const { ben, heard, pinWrites } = await tryToWrite(world, {
      store: createMemoryStore(contents),
    });
    expect(ben.budget.pendingEdits).toBe(1);
    // What it had verified before, and nothing of the other log.
    expect(ben.budget.verifiedState().seq).toBe(2);
    expect(heard).toContain('fork');
    expect(pinWrites).toBe(0);
  });

  it('of another budget than the device has verified is not followed', async () => {
    const contents = new Map<string, Uint8Array>();
    const world = await foundNoted(contents);
    const genuine = world.backend.inspect(world.budgetId);
    // A fresh device of ben that finds no note is led astray, and notes what it was shown.
    await plantLog(world);
    world.backend.overwritePins('ben', new Map());
    const astray = await world.open('ben');
    await world.during(astray.budget.whenPeopleSettled());
    await shut(world, astray);
    if (genuine) world.backend.overwrite(world.budgetId, genuine);
    const { ben, heard } = await tryToWrite(world, {
      store: createMemoryStore(contents),
    });
    expect(ben.budget.pendingEdits).toBe(1);
    expect(ben.budget.sync.getStatus().error?.kind).toBe('not_genuine');
    expect(heard).toEqual(['fork']);
  });

  it('is made by a device that was let in without a link', async () => {
    const world = await worlds.found();
    const { heard, ben, pinWrites } = await tryToWrite(world);
    expect(ben.budget.pendingEdits).toBe(0);
    expect(heard).toEqual([]);
    expect(pinWrites).toBe(1);
  });
});
