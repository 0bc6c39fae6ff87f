import { beforeAll, describe, expect, it } from 'vitest';
import { parseFrame } from '../crypto/frame.js';
import { loadSodium } from '../crypto/sodium.js';
import { SealsyncError } from '../errors.js';
import { createMemoryStore } from '../local/memory-store.js';
import { ROLES, type Role } from '../model/roles.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import type { Interceptor } from '../testing/memory-log-faults.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';

/*
 * Random histories in which people come and go, from seeds: links are made, opened and
 * revoked, members removed, roles changed, keys replaced, people leave, often at once, over a
 * network that fails and with devices that die. What must hold once the network is calm: those
 * who stay hold the same people and records and can write; every acknowledged edit is in the
 * log, or among the rejected ones of its device; the log has no gaps; nobody else has the key.
 */

/** More of them can be asked for: the seeds go on from `FIRST_SEED`. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 40);
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);
const STEPS = 50;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NAMES = ['ann', 'ben', 'cy', 'dan'];

beforeAll(loadSodium);

/** A device, whatever happened to its process, and what its app believes to be saved. */
interface Owned {
  readonly uid: string;
  device: SyncDevice;
  disk: Map<string, Uint8Array>;
}

class History {
  readonly world: SyncWorld;
  readonly #owned: Owned[] = [];
  readonly #links: string[] = [];
  readonly #acknowledged = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #puts = 0;

  constructor(seed: number) {
    this.world = new SyncWorld({
      seed,
      latencyMs: () => this.#upTo(300),
      settings: { firstRetryDelayMs: 500, maxRetryDelayMs: 5_000 },
    });
  }

  async run(): Promise<void> {
    const { world } = this;
    await world.found('ann', 'ben');
    for (const uid of ['ann', 'ann', 'ben']) await this.#start(uid);
    const calm = world.backend.intercept(this.#faults());
    for (let step = 0; step < STEPS; step += 1) await this.#step();
    calm();
    world.hub.setDown(false);
    await world.during(Promise.all(this.#running));
    await this.#calmDown();
  }

  /** Everybody looks again, as they would the next day. */
  async #calmDown(): Promise<void> {
    const { world } = this;
    // Whose joining was taken, and the answer lost, opens the budget later.
    for (const uid of NAMES.filter((name) => this.#isIn(name))) {
      if (!this.#owned.some((owned) => owned.uid === uid)) await this.#start(uid);
    }
    for (let day = 0; day < 2; day += 1) {
      for (const owned of [...this.#owned]) await this.#restart(owned);
      await world.clock.advance(2 * MINUTE_MS);
    }
    await this.#removeStranded();
    for (const { uid, device } of this.#owned) {
      if (device.budget.people.members().get(uid)?.role !== 'viewer' && this.#isIn(uid)) {
        await this.#put(uid, device);
      }
    }
    await world.clock.advance(2 * MINUTE_MS);
  }

  /**
   * Whose inviter lost the right to let them in at the very moment of their joining is in the
   * document and not in the log: reported to everybody, and for an owner to remove.
   */
  async #removeStranded(): Promise<void> {
    const { world } = this;
    const owner = this.#owned.find(
      ({ uid, device }) =>
        this.#isIn(uid) && device.budget.people.members().get(uid)?.role === 'owner',
    );
    if (!owner) throw new Error('there is always an owner');
    const known = owner.device.budget.people.members();
    for (const uid of NAMES.filter((name) => this.#isIn(name) && !known.has(name))) {
      await world.during(owner.device.budget.people.removeMember(uid));
    }
    await world.clock.advance(2 * MINUTE_MS);
  }

  async check(): Promise<void> {
    const { world } = this;
    const stored = world.backend.inspect(world.budgetId);
    if (!stored) throw new Error('there is a budget');
    const entries = [...stored.entries.keys()];
    expect(entries).toEqual(entries.map((_, index) => index + 1));
    expect(stored.rekey).toBe(false);

    const inside = this.#owned.filter(({ uid }) => this.#isIn(uid));
    expect(inside.length).toBeGreaterThan(0);
    for (const { uid, device } of inside) {
      const { state, error } = device.budget.sync.getStatus();
      const roles = [...device.budget.people.members()].map(([of, { role }]) => [of, role]);
      expect({ uid, state, kind: error?.kind, roles: Object.fromEntries(roles) }).toEqual({
        uid,
        state: 'idle',
        kind: undefined,
        roles: stored.members,
      });
      expect(device.budget.pendingEdits).toBe(0);
    }
    const views = inside.map(({ device }) => device.budget.verifiedState());
    expect(new Set(views.map(({ seq, digest }) => `${String(seq)} ${digest}`)).size).toBe(1);
    await this.#checkEdits(inside[0]?.device);
    this.#checkKeys(inside[0]?.device);
  }

  async #checkEdits(device: SyncDevice | undefined): Promise<void> {
    const kept = new Set(
      device?.budget
        .collection('own')
        .list()
        .map(([id]) => id),
    );
    for (const { device: of } of this.#owned) {
      for (const { ops } of await this.world.during(of.budget.rejectedEdits())) {
        for (const op of ops) if ('id' in op && typeof op.id === 'string') kept.add(op.id);
      }
      // Whoever is out and has not heard so yet still has them pending.
      for (const [id] of of.budget.collection('own').list()) {
        if (of.budget.pendingEdits > 0) kept.add(id);
      }
    }
    expect([...this.#acknowledged].filter((id) => !kept.has(id))).toEqual([]);
  }

  #checkKeys(device: SyncDevice | undefined): void {
    const stored = this.world.backend.inspect(this.world.budgetId);
    const head = stored?.entries.get(stored.entries.size);
    const frame = head && parseFrame(head.frame);
    if (!stored || !frame?.ok || !device) throw new Error('there is a log');
    for (const uid of NAMES.filter((name) => !device.budget.people.members().has(name))) {
      expect(stored.wraps.has(wrapIdOf(frame.value.header.kid, uid))).toBe(false);
    }
  }

  async close(): Promise<void> {
    await this.world.close();
    await this.world.clock.advance(MINUTE_MS);
    expect(this.world.clock.pendingTimers).toBe(0);
  }

  #isIn(uid: string): boolean {
    const { members } = this.world.backend.inspect(this.world.budgetId) ?? { members: {} };
    return Object.hasOwn(members, uid);
  }

  async #start(uid: string): Promise<void> {
    const disk = new Map<string, Uint8Array>();
    const device = await this.world.open(uid, { store: createMemoryStore(disk) });
    this.#owned.push({ uid, device, disk });
  }

  async #step(): Promise<void> {
    const { world } = this;
    const owned = this.#pick(this.#owned);
    const { people } = owned.device.budget;
    const target = this.#pick(NAMES);
    switch (this.#upTo(16)) {
      case 0:
      case 1:
      case 2:
        await this.#put(owned.uid, owned.device);
        break;
      case 3:
      case 4:
        this.#begin(async () => {
          const made = await people.createInvite({ role: this.#role(), expiresInMs: HOUR_MS });
          this.#links.push(made.link);
        });
        break;
      case 5:
      case 6:
      case 7:
        if (this.#links.length > 0) await this.#join(target, this.#pick(this.#links));
        break;
      case 8:
        if (target !== owned.uid) this.#begin(() => people.removeMember(target));
        break;
      case 9:
        this.#begin(() => people.rotateKey());
        break;
      case 10:
        this.#begin(() => people.changeRole({ uid: target, role: this.#role() }));
        break;
      case 11:
        if (this.#upTo(2) === 0) this.#begin(() => people.leave());
        break;
      case 12: {
        const open = [...people.invites().keys()];
        if (open.length === 0) break;
        const id = this.#pick(open);
        this.#begin(() => people.revokeInvite(id));
        break;
      }
      case 13:
        world.hub.setDown(this.#upTo(2) === 0);
        break;
      case 14:
        await this.#restart(owned);
        break;
      default:
        await world.clock.advance(this.#upTo(8_000));
    }
    await world.clock.advance(this.#upTo(400));
  }

  /** Starts what takes several calls and goes on: others act meanwhile, and it may fail. */
  #begin(act: () => Promise<unknown>): void {
    const running = act()
      .catch((error: unknown) => {
        if (!(error instanceof SealsyncError)) throw error;
      })
      .then(() => undefined)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #join(uid: string, link: string): Promise<void> {
    const joined = await this.world.accept(uid, link).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SealsyncError) return false;
        throw error;
      },
    );
    if (joined) await this.#start(uid);
  }

  async #put(uid: string, { budget }: SyncDevice): Promise<void> {
    const id = `${uid}-${String(this.#puts)}`;
    this.#puts += 1;
    try {
      await budget.collection('own').put(id, { n: this.#puts });
      this.#acknowledged.add(id);
    } catch (error) {
      if (!(error instanceof SealsyncError)) throw error;
    }
  }

  /** The process dies: what was in memory is gone, what was in the store is there. */
  async #restart(owned: Owned): Promise<void> {
    const { world } = this;
    const survived = new Map(owned.disk);
    await world.during(owned.device.budget.close());
    world.devices.splice(world.devices.indexOf(owned.device), 1);
    owned.disk = survived;
    owned.device = await world.open(owned.uid, { store: createMemoryStore(survived) });
  }

  #faults(): Interceptor {
    return () => {
      if (this.world.random.fraction() > 0.15) return undefined;
      switch (this.#upTo(4)) {
        case 0:
          return { failBefore: 'offline' };
        case 1:
          return { loseAnswer: 'deadline' };
        case 2:
          return { failBefore: 'quota' };
        default:
          return { delayMs: this.#upTo(3_000) };
      }
    };
  }

  #role(): Role {
    return this.#pick([...ROLES, 'editor', 'owner']);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#upTo(items.length)];
    if (item === undefined) throw new Error('there is something to pick from');
    return item;
  }

  #upTo(limit: number): number {
    return Math.floor(this.world.random.fraction() * limit);
  }
}

describe('random histories of people', () => {
  it.each(Array.from({ length: HISTORIES }, (_, index) => FIRST_SEED + index))(
    'end with the same people and records for all who stay (seed %s)',
    async (seed) => {
      const history = new History(seed);
      await history.run();
      await history.check();
      await history.close();
    },
  );
});
