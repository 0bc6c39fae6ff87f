import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Collection } from '../budget/collection.js';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { foundWorlds } from '../testing/found-worlds.js';
import { MemoryTabs, type MemoryTab } from '../testing/memory-tabs.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import type { SyncDevice, SyncWorld, WorldShapes } from '../testing/sync-world.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

interface Tab extends SyncDevice {
  readonly tab: MemoryTab;
}

/** The tabs of one browser profile, over one store. */
class Browser {
  readonly world: SyncWorld;
  readonly group: MemoryTabs;
  readonly disk = new Map<string, Uint8Array>();

  readonly uid: string;

  constructor(world: SyncWorld, uid = 'ann') {
    this.world = world;
    this.uid = uid;
    this.group = new MemoryTabs(world.clock);
  }

  async open(): Promise<Tab> {
    const tab = this.group.open();
    const store = tab.reach(createMemoryStore(this.disk));
    const device = await this.world.open(this.uid, { store, tabs: tab, clock: tab.clock });
    return { ...device, tab };
  }

  async openThree(): Promise<[Tab, Tab, Tab]> {
    const first = await this.open();
    // Opened one after the other, as a user does.
    await this.world.clock.advance(1_000);
    const tabs = [first, await this.open(), await this.open()] as [Tab, Tab, Tab];
    await this.world.clock.advance(1_000);
    return tabs;
  }

  /** The browser closes a tab without a word. */
  kill(tab: Tab): void {
    this.group.kill(tab.tab);
    this.forget(tab);
  }

  async close(tab: Tab): Promise<void> {
    await this.world.during(tab.budget.close());
    this.forget(tab);
  }

  forget({ budget }: Tab): void {
    this.world.devices.splice(
      this.world.devices.findIndex((device) => device.budget === budget),
      1,
    );
  }
}

const envelopes = ({ budget }: SyncDevice): Collection<WorldShapes[string]> =>
  budget.collection('envelopes');
const roleOf = ({ budget }: SyncDevice): string => budget.sync.getStatus().role;
const spentIn = (device: SyncDevice): unknown => envelopes(device).get('food')?.['spent'];
const spend = (device: SyncDevice, amount: number): Promise<void> =>
  envelopes(device).increment('food', 'spent', amount);

describe('three tabs over one store', () => {
  it('show the edits of each in all of them at once, while one talks to the server', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    const tabs = await new Browser(world).openThree();
    expect(tabs.map(roleOf)).toEqual(['leader', 'follower', 'follower']);
    await envelopes(tabs[1]).put('food', { spent: 0 });
    await world.clock.advance(0);
    for (const tab of tabs) await spend(tab, 1);
    await world.clock.advance(0);
    expect(tabs.map(spentIn)).toEqual([3, 3, 3]);
    await world.settle();
    expect([ben, ...tabs].map(spentIn)).toEqual([3, 3, 3, 3]);
    await spend(ben, 10);
    await world.settle();
    expect(tabs.map(spentIn)).toEqual([13, 13, 13]);
    const idle = tabs.slice(1).map(({ count }) => [count.reads, count.writes]);
    expect(idle).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(tabs[0].count.writes).toBeGreaterThan(0);
  });

  it('give edits that are made in the same instant counters of their own', async () => {
    const world = await worlds.found();
    const tabs = await new Browser(world).openThree();
    await envelopes(tabs[0]).put('food', { spent: 0 });
    await world.clock.advance(0);
    await world.during(
      Promise.all(tabs.flatMap((tab) => [1, 10, 100].map((amount) => spend(tab, amount)))),
    );
    await world.settle();
    expect(tabs.map(spentIn)).toEqual([333, 333, 333]);
    const own = tabs.map(({ budget }) => budget.people.devices().filter(({ isThis }) => isThis));
    expect(new Set(own.flat().map(({ id }) => id)).size).toBe(1);
  });

  it('go on when the one that syncs is closed, and push what it left', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    const browser = new Browser(world);
    const [first, second, third] = await browser.openThree();
    await envelopes(first).put('food', { spent: 1 });
    await world.settle();
    const goOnline = world.backend.intercept(() => ({ failBefore: 'offline' }));
    await spend(first, 2);
    await spend(third, 4);
    browser.kill(first);
    goOnline();
    await world.clock.advance(100);
    expect([roleOf(second), roleOf(third)]).toEqual(['leader', 'follower']);
    await world.settle();
    expect([ben, second, third].map(spentIn)).toEqual([7, 7, 7]);
    await browser.close(second);
    await world.clock.advance(100);
    expect(roleOf(third)).toBe('leader');
    await spend(third, 8);
    await world.clock.advance(1_000);
    expect([ben, third].map(spentIn)).toEqual([15, 15]);
  });

  it('lose and double nothing when the one that syncs is frozen, and thaws', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    const [first, second, third] = await new Browser(world).openThree();
    await envelopes(first).put('food', { spent: 0 });
    await world.settle();
    const edit = spend(first, 1);
    await edit;
    // Frozen with an append on its way: the server takes it, and this tab does not hear of it.
    first.tab.freeze();
    await spend(second, 10);
    await spend(ben, 100);
    await world.clock.advance(10_000);
    expect([roleOf(second), roleOf(third)].sort()).toEqual(['follower', 'leader']);
    await spend(third, 1_000);
    await world.clock.advance(5_000);
    expect([ben, second, third].map(spentIn)).toEqual([1_111, 1_111, 1_111]);
    const security: string[] = [];
    first.budget.on('security', ({ kind }) => security.push(kind));
    first.tab.thaw();
    await world.clock.advance(1_000);
    expect([first, second, third].filter((tab) => roleOf(tab) === 'leader')).toHaveLength(1);
    expect(roleOf(first)).toBe('follower');
    await spend(first, 10_000);
    await world.settle();
    expect([ben, first, second, third].map(spentIn)).toEqual(Array(4).fill(11_111));
    expect(security).toEqual([]);
  });

  it('let one that only follows change the people, and another one after it', async () => {
    const world = await worlds.found();
    const [first, second, third] = await new Browser(world).openThree();
    await envelopes(first).put('food', { spent: 1 });
    const options = { role: 'editor', expiresInMs: 3_600_000 } as const;
    await world.during(
      Promise.all([second, third].map(({ budget }) => budget.people.createInvite(options))),
    );
    await world.settle();
    await world.clock.advance(1_000);
    for (const { budget } of [first, second, third]) {
      expect(budget.people.invites().size).toBe(2);
    }
    await spend(first, 1);
    await world.settle();
    expect([first, second, third].map(spentIn)).toEqual([2, 2, 2]);
  });

  it('all hear that their user was removed, and keep apart what none of them could push', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const tabs = await new Browser(world, 'ben').openThree();
    const heard = tabs.map(({ budget }) => {
      const ends: string[] = [];
      budget.on('removed', ({ kind }) => ends.push(kind));
      return ends;
    });
    await world.during(ann.budget.people.removeMember('ben'));
    await envelopes(tabs[1]).put('food', { spent: 1 });
    await world.clock.advance(60_000);
    expect(heard).toEqual([['removed'], ['removed'], ['removed']]);
    expect(await tabs[2].budget.rejectedEdits()).toHaveLength(1);
    expect(tabs.map(({ budget }) => budget.pendingEdits)).toEqual([0, 0, 0]);
  });

  it('answer a follower that wants to sync once the server has been asked', async () => {
    const world = await worlds.found();
    const ben = await world.open('ben', { online: false });
    const [first, second] = await new Browser(world).openThree();
    ben.budget.sync.start();
    await envelopes(ben).put('food', { spent: 5 });
    await world.clock.advance(100);
    await world.during(second.budget.sync.syncNow());
    expect([first, second].map(spentIn)).toEqual([5, 5]);
    world.backend.intercept(() => ({ failBefore: 'offline' }));
    const failing = world.during(second.budget.sync.syncNow());
    await expect(failing).rejects.toMatchObject({ kind: 'offline' });
  });

  it('are all there after a checkpoint has taken the place of entries that one had not read', async () => {
    const world = await worlds.found({ localLog: { manyEntries: 4, manyBytes: 1_000_000_000 } });
    const [first, second] = await new Browser(world).openThree();
    await envelopes(first).put('food', { spent: 0 });
    await world.settle();
    second.tab.freeze();
    for (let count = 0; count < 90; count += 1) {
      await spend(first, 1);
      await world.clock.advance(100);
    }
    second.tab.thaw();
    await world.clock.advance(100);
    await world.settle();
    expect([first, second].map(spentIn)).toEqual([90, 90]);
  });

  it('leave no timer behind once they are closed', async () => {
    const world = await worlds.found();
    await new Browser(world).openThree();
    await world.close();
    world.devices.length = 0;
    expect(world.clock.pendingTimers).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'add up whatever is frozen, thawed, closed and opened meanwhile, in history %i',
    async (seed) => {
      const world = await worlds.found({ seed, latencyMs: () => 40 });
      const dice = createSeededRandom(seed);
      const roll = (sides: number): number => Math.floor(dice.fraction() * sides);
      const browser = new Browser(world);
      const ben = await world.open('ben');
      const tabs: Tab[] = await browser.openThree();
      await envelopes(ben).put('food', { spent: 0 });
      await world.settle();
      const frozen = new Set<Tab>();
      const alarms: string[] = [];
      let sum = 0;
      for (let step = 0; step < 60; step += 1) {
        const tab = tabs[roll(tabs.length)];
        if (!tab) throw new Error('a tab is always open');
        const choice = roll(12);
        if (choice === 0 && !frozen.has(tab)) {
          tab.tab.freeze();
          frozen.add(tab);
        } else if (choice === 1 && frozen.delete(tab)) tab.tab.thaw();
        else if (choice === 2) {
          const opened = await browser.open();
          opened.budget.on('security', ({ kind }) => alarms.push(kind));
          tabs.push(opened);
        } else if (choice === 3 && tabs.length > 2 && !frozen.has(tab)) {
          await world.clock.advance(0);
          browser.kill(tab);
          tabs.splice(tabs.indexOf(tab), 1);
        } else if (choice === 4) await spend(ben, 1).then(() => (sum += 1));
        else if (!frozen.has(tab)) {
          sum += 1;
          const edit = spend(tab, 1);
          // What a frozen tab began goes on once it is thawed.
          if (roll(2) === 0) await world.during(edit);
        }
        await world.clock.advance([0, 10, 50, 300, 7_000][roll(5)] ?? 0);
      }
      for (const tab of frozen) tab.tab.thaw();
      await world.clock.advance(60_000);
      await world.settle();
      expect([ben, ...tabs].map(spentIn)).toEqual([ben, ...tabs].map(() => sum));
      expect(tabs.filter((tab) => roleOf(tab) === 'leader')).toHaveLength(1);
      expect(alarms).toEqual([]);
    },
  );
});
