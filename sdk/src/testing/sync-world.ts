import { bytesToHex } from '@noble/hashes/utils.js';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Budget } from '../budget/budget.js';
import { assembleBudget, type OpenBudgetDeps } from '../budget/open-budget.js';
import { SchemaChecks } from '../budget/schemas.js';
import { writeGenesis } from '../budget/write-genesis.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { fingerprintOf } from '../crypto/fingerprint.js';
import { parseFrame } from '../crypto/frame.js';
import { generateIdentity, type Identity } from '../crypto/identity.js';
import { unwrapEpochKey } from '../crypto/wrap-epoch-key.js';
import { createMemoryStore } from '../local/memory-store.js';
import { type SealedStore, sealStore } from '../local/sealed-store.js';
import { isBudgetId, type BudgetId } from '../model/ids.js';
import type { Role } from '../model/roles.js';
import { acceptInvite, readInviteLink } from '../people/accept-invite.js';
import { DEFAULT_PEOPLE_SETTINGS, type PeopleSettings } from '../people/people-settings.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import { silentLogger } from '../ports/logger.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import type { Random } from '../ports/random.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import { ok } from '../result.js';
import type { LocalLogLimits } from '../sync/local-log.js';
import { OwnIdentities } from '../sync/own-identities.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import { resolveSyncSettings, type SyncSettings } from '../sync/sync-settings.js';
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
  /** 32 lower-case hex digits, for worlds that must not share one. */
  readonly budgetId?: string;
  readonly settings?: Partial<SyncSettings & PeopleSettings>;
  readonly localLog?: LocalLogLimits;
  /** How long a signal takes to a peer. Default 0. */
  readonly signalDelayMs?: number;
}

/** What a device may have of its own; everything else is the world's. */
export type DeviceParts = Partial<
  Pick<
    OpenBudgetDeps,
    'remote' | 'list' | 'openChannel' | 'wakeups' | 'clock' | 'random' | 'onSecurity' | 'tabs'
  >
>;

/**
 * The whole engine in one process: any number of devices and people on one budget, on
 * virtual time, over the memory backend and hub. libsodium must be loaded.
 */
export class SyncWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly hub: MemorySignalHub;
  readonly backend: MemoryBackend;
  readonly random: Random;
  /** Apart from the rest, so that what is sealed does not change what happens. */
  readonly #sealingRandom: Random;
  readonly budgetId: BudgetId;
  readonly devices: SyncDevice[] = [];
  readonly #identities = new Map<string, OwnIdentities>();
  readonly #options: SyncWorldOptions;

  constructor(options: SyncWorldOptions = {}) {
    this.#options = options;
    this.hub = new MemorySignalHub(this.clock, options.signalDelayMs);
    this.random = createSeededRandom(options.seed ?? 1);
    this.#sealingRandom = createSeededRandom(-(options.seed ?? 1));
    this.backend = createMemoryBackend({ ...options, clock: this.clock });
    const id = options.budgetId ?? 'b'.repeat(32);
    if (!isBudgetId(id)) throw new Error('that is a budget id');
    this.budgetId = id;
  }

  /** Creates the budget with `owner`, and adds `editors`; nobody is online afterwards. */
  async found(owner: string, ...editors: string[]): Promise<void> {
    const { budgetId, clock, random } = this;
    const remote = this.backend.budgetFor(owner, budgetId);
    const list = this.backend.listFor(owner);
    const contents = new Map<string, Uint8Array>();
    const store = await this.seal(owner, createMemoryStore(contents));
    const identities = this.identitiesOf(owner);
    const deps = { budgetId, identities, remote, list, clock, random, store };
    await this.during(writeGenesis(deps));
    await store.close();
    const first = await this.open(owner, { store: createMemoryStore(contents) });
    await this.during(first.budget.whenPeopleSettled());
    for (const uid of editors) await this.add(first, uid, 'editor');
    await this.during(first.budget.close());
    this.devices.pop();
    this.hub.sent.length = 0;
  }

  /** Has an owner add `uid` by their fingerprint. */
  add({ budget }: SyncDevice, uid: string, role: Role): Promise<void> {
    const fingerprint = bytesToHex(fingerprintOf(this.identityOf(uid)));
    return this.during(budget.people.addMember({ uid, role, fingerprint }));
  }

  /** Has `uid` open an invite link, up to where the rules let them in; throws as an app's call does. */
  async accept(uid: string, link: string): Promise<void> {
    const read = readInviteLink(link);
    if (!read.ok) throw toSealsyncError(read.error);
    const remote = this.backend.budgetFor(uid, read.value.budgetId);
    const deps = { identities: this.identitiesOf(uid), remote, random: this.random };
    const accepted = await this.during(acceptInvite(deps, read.value));
    if (!accepted.ok) throw toSealsyncError(accepted.error);
  }

  /** Has a user come with identities of another world. */
  setIdentities(identities: OwnIdentities): void {
    this.#identities.set(identities.uid, identities);
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
    return this.identitiesOf(uid).newest;
  }

  identitiesOf(uid: string): OwnIdentities {
    const known = this.#identities.get(uid);
    if (known) return known;
    const identities = new OwnIdentities(generateIdentity(uid, this.random));
    this.#identities.set(uid, identities);
    return identities;
  }

  /** The key of the epoch that the newest entry is in, as it is wrapped for one of the people. */
  get epochKey(): EpochKey {
    const stored = this.backend.inspect(this.budgetId);
    const head = stored?.entries.get(stored.entries.size);
    const frame = head && parseFrame(head.frame);
    if (!stored || !frame?.ok) throw new Error('there is no budget');
    const { epoch, kid } = frame.value.header;
    for (const [uid, { newest: identity }] of this.#identities) {
      const bytes = stored.wraps.get(wrapIdOf(kid, uid))?.wrap;
      if (!bytes) continue;
      const wrapperSignKey = undefined;
      const { budgetId } = this;
      const key = unwrapEpochKey({ bytes, identity, wrapperSignKey, budgetId, epoch, kid });
      if (key.ok) return key.value;
    }
    throw new Error('nobody holds the key');
  }

  /** The user lost the identity and will be given a new one. */
  forgetIdentity(uid: string): void {
    this.#identities.delete(uid);
  }

  /** As createSync does: no budget meets a store that is not sealed. */
  async seal(uid: string, raw: LocalStore): Promise<SealedStore> {
    const owner = { uid, budgetId: this.budgetId };
    const identities = this.identitiesOf(uid);
    const sealed = await sealStore(raw, { owner, identities, random: this.#sealingRandom });
    if (!sealed.ok) throw toSealsyncError(sealed.error);
    return sealed.value;
  }

  /** One more device of `uid`, online and connected unless told otherwise. */
  async open(
    uid: string,
    options: DeviceParts & {
      store?: LocalStore;
      online?: boolean;
      clockErrorMs?: number;
      schemas?: Readonly<Record<string, StandardSchemaV1>>;
    } = {},
  ): Promise<SyncDevice> {
    const {
      store: raw = createMemoryStore(),
      online = true,
      clockErrorMs = 0,
      schemas,
      ...parts
    } = options;
    const store = await this.seal(uid, raw);
    const count = createOperationCounter();
    const { budgetId } = this;
    const identities = this.identitiesOf(uid);
    const list = this.backend.listFor(uid, count);
    const budget = await assembleBudget<WorldShapes>({
      budgetId,
      identities,
      list,
      remote: this.backend.budgetFor(uid, budgetId, count),
      checks: new SchemaChecks(schemas),
      requireRecentSignIn: () => Promise.resolve(),
      users: {
        publishKeys: () => Promise.resolve(ok()),
        readKeys: (of) => Promise.resolve(ok(this.identityOf(of).publicKeys)),
      },
      store,
      localLog: this.#options.localLog,
      openChannel: () => this.hub.createChannel(),
      wakeups: { onWake: () => () => undefined },
      clock: wrongClock(this.clock, clockErrorMs),
      random: this.random,
      logger: silentLogger,
      settings: {
        ...DEFAULT_PEOPLE_SETTINGS,
        ...this.#options.settings,
        ...resolveSyncSettings(this.#options.settings ?? {}),
      },
      ...parts,
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
