import { beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import type { Interceptor } from '../testing/memory-log-faults.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';

/*
 * Random histories of two people on three devices over a hostile network, from seeds.
 * What must hold at the end: all devices converge, no acknowledged increment is lost or
 * applied twice, no record that was put is missing, and the log has no gaps.
 */

/** More of them can be asked for: the seeds go on from 1. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 60);
const STEPS = 60;

beforeAll(loadSodium);

class History {
  readonly world: SyncWorld;
  readonly #disks = new Map<SyncDevice, Map<string, Uint8Array>>();
  readonly #puts: string[] = [];
  #sum = 0;

  constructor(seed: number) {
    const localLog = { manyEntries: 5, manyBytes: 20_000 };
    this.world = new SyncWorld({ seed, localLog, latencyMs: () => this.#upTo(400) });
  }

  async run(): Promise<void> {
    const { world } = this;
    await world.found('ann', 'ben');
    for (const uid of ['ann', 'ben', 'ben']) await this.#start(uid, new Map());
    await world.devices[0]?.budget.collection('shared').put('jar', { coins: 0 });
    await world.settle();
    const calm = world.backend.intercept(this.#faults());
    for (let step = 0; step < STEPS; step += 1) await this.#step();
    calm();
    world.hub.setDown(false);
    for (const device of world.devices) await world.goOnline(device);
    await world.settle(600_000);
  }

  check(): void {
    for (const { budget } of this.world.devices) {
      expect(budget.collection('shared').get('jar')).toEqual({ coins: this.#sum });
      expect(
        budget
          .collection('own')
          .list()
          .map(([id]) => id),
      ).toEqual([...this.#puts].sort());
    }
    const entries = this.world.backend.inspect(this.world.budgetId)?.entries ?? new Map();
    expect([...entries.keys()]).toEqual([...entries.keys()].map((_, index) => index + 1));
  }

  async close(): Promise<void> {
    await this.world.close();
    // Calls that were given up are still on their way; nothing else may be left.
    await this.world.clock.advance(60_000);
    expect(this.world.clock.pendingTimers).toBe(0);
  }

  async #start(uid: string, disk: Map<string, Uint8Array>): Promise<void> {
    const device = await this.world.open(uid, { store: createMemoryStore(disk) });
    this.#disks.set(device, disk);
  }

  async #step(): Promise<void> {
    const { world } = this;
    const index = this.#upTo(world.devices.length);
    const device = world.devices[index];
    if (!device) throw new Error('there is a device of that number');
    switch (this.#upTo(8)) {
      case 0:
      case 1:
      case 2: {
        const by = this.#upTo(9) + 1;
        if (!device.budget.collection('shared').get('jar')) break;
        await device.budget.collection('shared').increment('jar', 'coins', by);
        this.#sum += by;
        break;
      }
      case 3: {
        const id = `${device.uid}-${String(this.#puts.length)}`;
        await device.budget.collection('own').put(id, { n: this.#puts.length });
        this.#puts.push(id);
        break;
      }
      case 4:
        world.hub.setDown(this.#upTo(2) === 0);
        break;
      case 5:
        await world.during(device.budget.sync.stop());
        break;
      case 6:
        await this.#restart(index, device);
        break;
      default:
        await world.clock.advance(this.#upTo(5_000));
    }
    await world.clock.advance(this.#upTo(300));
  }

  /** The process dies: what was in memory is gone, what was in the store is there. */
  async #restart(index: number, device: SyncDevice): Promise<void> {
    const disk = this.#disks.get(device) ?? new Map<string, Uint8Array>();
    const survived = new Map(disk);
    await this.world.during(device.budget.close());
    this.world.devices.splice(index, 1);
    await this.#start(device.uid, survived);
  }

  #faults(): Interceptor {
    return ({ operation }) => {
      if (this.world.random.fraction() > 0.3) return undefined;
      switch (this.#upTo(4)) {
        case 0:
          return { failBefore: 'offline' };
        case 1:
          return { loseAnswer: 'deadline' };
        case 2:
          return operation === 'append' ? { hang: 'after' } : { failBefore: 'quota' };
        default:
          return { delayMs: this.#upTo(3_000) };
      }
    };
  }

  #upTo(limit: number): number {
    return Math.floor(this.world.random.fraction() * limit);
  }
}

describe('random histories on a hostile network', () => {
  it.each(Array.from({ length: HISTORIES }, (_, index) => index + 1))(
    'converge without losing or repeating an edit (seed %s)',
    async (seed) => {
      const history = new History(seed);
      await history.run();
      history.check();
      await history.close();
    },
  );
});
