import type { FirebaseApp } from 'firebase/app';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Identity } from './crypto/identity.js';
import { deriveEpochKeyFromPassphrase } from './crypto/passphrase.js';
import { loadSodium } from './crypto/sodium.js';
import { SealsyncError } from './errors.js';
import { createMemoryStore } from './local/memory-store.js';
import { secureRandom } from './local/secure-random.js';
import { systemClock } from './local/system-clock.js';
import { isBudgetId, type BudgetId } from './model/ids.js';
import { BudgetKeys } from './people/budget-keys.js';
import type { Clock } from './ports/clock.js';
import type { LocalStore } from './ports/local-store.js';
import { silentLogger, type Logger } from './ports/logger.js';
import { createOperationCounter, type OperationCounter } from './ports/operation-counter.js';
import type { Random } from './ports/random.js';
import type { RemoteLog } from './ports/remote-log.js';
import type { UserDirectory } from './ports/user-directory.js';
import type { Wakeups } from './ports/wakeups.js';
import { openFirestore } from './remote/open-firestore.js';
import { createSignalChannel } from './signaling/create-signal-channel.js';
import { browserWakeups } from './signaling/wakeups.js';
import type { WebSocketConstructor } from './signaling/web-socket-link.js';
import type { Budget, CollectionShapes } from './sync/budget.js';
import { assembleBudget, writeGenesis } from './sync/open-budget.js';
import { toSealsyncError } from './sync/sync-failure.js';
import type { OpenChannel } from './sync/realtime-link.js';
import { DEFAULT_SYNC_SETTINGS, type SyncSettings } from './sync/sync-settings.js';

/** Whoever is signed in; a `User` of Firebase Auth is one. */
export interface SignedInUser {
  readonly uid: string;
  getIdToken(forceRefresh?: boolean): Promise<string>;
}

export interface CreateSyncOptions {
  /** The app's own Firebase app, in which `user` is signed in. */
  readonly firebase: FirebaseApp;
  readonly user: SignedInUser;
  /** The user's keys; keep their seeds, since only they can write as this member. */
  readonly identity: Identity;
  /** Without it, budgets sync by polling until `enableRealtimeSync` is called. */
  readonly signaling?: { readonly url: string };
  /** Where a budget's pending edits are kept; in memory by default. */
  readonly openStore?: (budgetId: BudgetId) => LocalStore;
  /** The platform's by default; Node 20 has none: pass that of the package `ws`. */
  readonly webSocket?: WebSocketConstructor;
  readonly settings?: Partial<SyncSettings>;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly wakeups?: Wakeups;
  /** Adds up what Firestore bills. */
  readonly count?: OperationCounter;
}

/** What the people of a budget share, from which its key is derived. */
export interface BudgetSecret {
  readonly passphrase: string;
}

/** The kit's entry point: budgets of one signed-in user on one device. */
export interface Sealsync {
  /** Publishes the public keys of the identity, so that owners can add this user. */
  publishIdentity(): Promise<void>;
  /** Creates a budget with this user as its only owner, and opens it. */
  createBudget<C extends CollectionShapes>(secret: BudgetSecret): Promise<Budget<C>>;
  /**
   * Opens a budget and starts syncing it; resolves once everything that the log holds
   * is readable, or, where the network is away, once what is pending is. Throws
   * {@link SealsyncError}: `key_missing` if the passphrase is not the budget's.
   */
  openBudget<C extends CollectionShapes>(id: string, secret: BudgetSecret): Promise<Budget<C>>;
  /** Closes every open budget. May be called twice. */
  close(): Promise<void>;
}

/** Loads libsodium and binds the kit to Firestore, the platform's clock, and a WebSocket. */
export async function createSync(options: CreateSyncOptions): Promise<Sealsync> {
  if (options.identity.uid !== options.user.uid) {
    throw new SealsyncError(
      'bad_config',
      'The identity belongs to another user than is signed in.',
    );
  }
  await loadSodium();
  return new FirebaseSync(options);
}

class FirebaseSync implements Sealsync {
  readonly #options: CreateSyncOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #remote: { users: UserDirectory; logOf: (budgetId: BudgetId) => RemoteLog };
  readonly #open = new Set<{ close(): Promise<void> }>();

  constructor(options: CreateSyncOptions) {
    const { firebase, user, clock = systemClock, random = secureRandom } = options;
    const count = options.count ?? createOperationCounter();
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#remote = openFirestore({ firebase, uid: user.uid, clock, count });
  }

  async publishIdentity(): Promise<void> {
    const published = await this.#remote.users.publishKeys(this.#options.identity.publicKeys);
    if (!published.ok) throw toSealsyncError(published.error);
  }

  async createBudget<C extends CollectionShapes>(secret: BudgetSecret): Promise<Budget<C>> {
    const budgetId = bytesToHex(this.#random.bytes(16));
    if (!isBudgetId(budgetId)) throw new Error('16 bytes make a budget id');
    const epochKey = await deriveEpochKeyFromPassphrase({ ...secret, budgetId, epoch: 1 });
    const store = this.#openStore(budgetId);
    const { identity } = this.#options;
    const log = this.#remote.logOf(budgetId);
    await writeGenesis(
      { identity, log, clock: this.#clock, random: this.#random, store },
      epochKey,
    );
    const keys = new BudgetKeys();
    keys.add(epochKey);
    return this.#start<C>(budgetId, keys, store);
  }

  async openBudget<C extends CollectionShapes>(
    id: string,
    secret: BudgetSecret,
  ): Promise<Budget<C>> {
    if (!isBudgetId(id)) {
      throw new SealsyncError('bad_input', 'A budget id is 32 lower-case hex digits.');
    }
    const keys = new BudgetKeys();
    keys.add(await deriveEpochKeyFromPassphrase({ ...secret, budgetId: id, epoch: 1 }));
    return this.#start<C>(id, keys, this.#openStore(id));
  }

  async close(): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(open.map((budget) => budget.close()));
  }

  #openStore(budgetId: BudgetId): LocalStore {
    return this.#options.openStore?.(budgetId) ?? createMemoryStore();
  }

  async #start<C extends CollectionShapes>(
    budgetId: BudgetId,
    keys: BudgetKeys,
    store: LocalStore,
  ): Promise<Budget<C>> {
    const { identity, wakeups = browserWakeups, logger = silentLogger, settings } = this.#options;
    const budget = await assembleBudget<C>({
      budgetId,
      identity,
      keys,
      store,
      wakeups,
      logger,
      log: this.#remote.logOf(budgetId),
      users: this.#remote.users,
      openChannel: this.#channelsOf(budgetId),
      clock: this.#clock,
      random: this.#random,
      settings: { ...DEFAULT_SYNC_SETTINGS, ...settings },
    });
    this.#open.add(budget);
    budget.sync.start();
    await this.#catchUp(budget);
    if (this.#options.signaling) budget.sync.enableRealtimeSync(this.#options.signaling.url);
    return budget;
  }

  /** Waits for the first round; a network that is away is no reason to keep the app waiting. */
  async #catchUp(budget: Pick<Budget, 'sync' | 'close'>): Promise<void> {
    try {
      await budget.sync.syncNow();
    } catch (error) {
      if (error instanceof SealsyncError && error.retryable) return;
      this.#open.delete(budget);
      await budget.close();
      throw error;
    }
  }

  #channelsOf(budgetId: BudgetId): OpenChannel {
    const { user, webSocket, wakeups, logger } = this.#options;
    return (url, token) =>
      createSignalChannel({
        url,
        budgetId,
        getToken: token === undefined ? (force) => user.getIdToken(force) : async () => token,
        clock: this.#clock,
        random: this.#random,
        webSocket,
        wakeups,
        logger,
      });
  }
}
