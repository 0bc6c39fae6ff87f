import { generateEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import { generateIdentity, type Identity } from '../crypto/identity.js';
import { createMemoryStore } from '../local/memory-store.js';
import { isBudgetId, type BudgetId } from '../model/ids.js';
import { BudgetKeys } from '../people/budget-keys.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import { silentLogger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import { ok } from '../result.js';
import type { Budget } from '../sync/budget.js';
import { assembleBudget, writeGenesis } from '../sync/open-budget.js';
import { DEFAULT_SYNC_SETTINGS, type SyncSettings } from '../sync/sync-settings.js';
import {
  createMemoryBackend,
  type MemoryBackend,
  type MemoryBackendOptions,
} from './memory-backend.js';
import { MemorySignalHub } from './memory-signal-hub.js';
import { createSeededRandom } from './seeded-random.js';
import { VirtualClock } from './virtual-clock.js';

export interface SyncDevice {
  readonly uid: string;
  readonly budget: Budget<WorldShapes>;
  readonly store: LocalStore;
  readonly count: OperationCounter;
}

/** Collections of the world's budget: whatever a test puts in. */
export type WorldShapes = Record<string, Record<string, number | string | null>>;

export interface SyncWorldOptions extends Omit<MemoryBackendOptions, 'clock'> {
  readonly seed?: number;
  readonly settings?: Partial<SyncSettings>;
}

/**
 * The whole engine in one process: any number of devices and people on one budget, on
 * virtual time, over the memory backend and hub. libsodium must be loaded.
 */
export class SyncWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly hub: MemorySignalHub = new MemorySignalHub();
  readonly backend: MemoryBackend;
  readonly random: Random;
  readonly budgetId: BudgetId;
  readonly epochKey: EpochKey;
  readonly keys: BudgetKeys = new BudgetKeys();
  readonly devices: SyncDevice[] = [];
  readonly #identities = new Map<string, Identity>();
  readonly #options: SyncWorldOptions;

  constructor(options: SyncWorldOptions = {}) {
    this.#options = options;
    this.random = createSeededRandom(options.seed ?? 1);
    this.backend = createMemoryBackend({ ...options, clock: this.clock });
    const id = 'b'.repeat(32);
    if (!isBudgetId(id)) throw new Error('that is a budget id');
    this.budgetId = id;
    this.epochKey = generateEpochKey(this.random, id, 1);
    this.keys.add(this.epochKey);
  }

  /** Creates the budget with `owner`, and adds `editors`; nobody is online afterwards. */
  async found(owner: string, ...editors: string[]): Promise<void> {
    const { clock, random } = this;
    const log = this.backend.logFor(owner, this.budgetId);
    const store = createMemoryStore();
    const identity = this.identityOf(owner);
    await this.during(writeGenesis({ identity, log, clock, random, store }, this.epochKey));
    const first = await this.open(owner, { store });
    for (const uid of editors) {
      await this.during(first.budget.addMember({ uid, role: 'editor' }));
    }
    await this.during(first.budget.close());
    this.devices.pop();
    this.hub.sent.length = 0;
  }

  /** Lets time pass until `work` is done, and answers with its result. */
  async during<T>(work: Promise<T>): Promise<T> {
    const progress = { isDone: false };
    const watched = work.finally(() => {
      progress.isDone = true;
    });
    watched.catch(() => undefined);
    while (!progress.isDone) await this.clock.advance(10);
    return watched;
  }

  identityOf(uid: string): Identity {
    const known = this.#identities.get(uid);
    if (known) return known;
    const identity = generateIdentity(uid, this.random);
    this.#identities.set(uid, identity);
    return identity;
  }

  /** The user lost the identity and will be given a new one. */
  forgetIdentity(uid: string): void {
    this.#identities.delete(uid);
  }

  /** One more device of `uid`, online and connected unless told otherwise. */
  async open(
    uid: string,
    options: { store?: LocalStore; online?: boolean; clockErrorMs?: number } = {},
  ): Promise<SyncDevice> {
    const { store = createMemoryStore(), online = true, clockErrorMs = 0 } = options;
    const count = createOperationCounter();
    const budget = await assembleBudget<WorldShapes>({
      budgetId: this.budgetId,
      identity: this.identityOf(uid),
      keys: this.keys,
      log: this.backend.logFor(uid, this.budgetId, count),
      users: {
        publishKeys: () => Promise.resolve(ok()),
        readKeys: (of) => Promise.resolve(ok(this.identityOf(of).publicKeys)),
      },
      store,
      openChannel: () => this.hub.createChannel(),
      wakeups: { onWake: () => () => undefined },
      clock: wrongClock(this.clock, clockErrorMs),
      random: this.random,
      logger: silentLogger,
      settings: { ...DEFAULT_SYNC_SETTINGS, ...this.#options.settings },
    });
    const device = { uid, budget, store, count };
    this.devices.push(device);
    if (online) await this.goOnline(device);
    return device;
  }

  async goOnline({ budget }: SyncDevice): Promise<void> {
    budget.sync.start();
    budget.sync.enableRealtimeSync('ws://in-memory');
    await this.clock.advance(10);
  }

  /** Moves time on until every device holds the same; fails if that takes too long. */
  async settle(maxMs = 120_000): Promise<void> {
    for (let passedMs = 0; passedMs < maxMs; passedMs += 250) {
      await this.clock.advance(250);
      if (this.hasConverged()) return;
    }
    throw new Error(`the devices did not converge within ${String(maxMs)} ms`);
  }

  hasConverged(): boolean {
    const states = this.devices.map(({ budget }) => budget.verifiedState());
    return (
      this.devices.every(({ budget }) => budget.pendingEdits === 0) &&
      new Set(states.map(({ seq, digest }) => `${String(seq)} ${digest}`)).size <= 1
    );
  }

  async close(): Promise<void> {
    await this.during(Promise.all(this.devices.map(({ budget }) => budget.close())));
  }
}

/** The clock of a device that is off by `errorMs`; its timers are as good as any. */
function wrongClock(clock: Clock, errorMs: number): Clock {
  return {
    now: () => clock.now() + errorMs,
    setTimeout: (run, delayMs) => clock.setTimeout(run, delayMs),
    clearTimeout: (id) => {
      clock.clearTimeout(id);
    },
  };
}
