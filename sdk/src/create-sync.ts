import type { FirebaseApp } from 'firebase/app';
import { bytesToHex } from '@noble/hashes/utils.js';
import { assembleBudget, type OpenBudgetDeps } from './budget/open-budget.js';
import type { Budget, CloseOptions, CollectionShapes } from './budget/budget.js';
import { SchemaChecks, type BudgetOptions } from './budget/schemas.js';
import { writeGenesis } from './budget/write-genesis.js';
import { fingerprintOf } from './crypto/fingerprint.js';
import type { Identity } from './crypto/identity.js';
import { loadSodium } from './crypto/sodium.js';
import { WipedKeyError } from './crypto/wiped-key-error.js';
import { checkSyncOptions } from './check-sync-options.js';
import { SealsyncError } from './errors.js';
import { guardStore } from './local/guard-store.js';
import { openPlatformStore, openPlatformTabs } from './local/platform-store.js';
import { type SealedStore, sealStore } from './local/sealed-store.js';
import { secureRandom } from './local/secure-random.js';
import { systemClock } from './local/system-clock.js';
import { wipeStore } from './local/wipe-store.js';
import { isBudgetId, type BudgetId } from './model/ids.js';
import { acceptInvite, readInviteLink } from './people/accept-invite.js';
import { purgeBudget } from './people/leave-budget.js';
import type { BudgetPeople } from './people/budget-people.js';
import {
  rotateEverywhere,
  type RotateIdentityOptions,
  type RotatedIdentity,
} from './people/rotate-everywhere.js';
import {
  checkPeopleSettings,
  DEFAULT_PEOPLE_SETTINGS,
  type PeopleSettings,
} from './people/people-settings.js';
import type { Clock, TimerId } from './ports/clock.js';
import type { LocalStore } from './ports/local-store.js';
import { silentLogger, type Logger } from './ports/logger.js';
import { createOperationCounter, type OperationCounter } from './ports/operation-counter.js';
import type { Random } from './ports/random.js';
import type { TabGroup } from './ports/tab-group.js';
import type { Wakeups } from './ports/wakeups.js';
import { openFirestore, type RemoteStorage } from './remote/open-firestore.js';
import { requireRecentSignIn } from './recent-sign-in.js';
import type { Result } from './result.js';
import { createSignalChannel } from './signaling/create-signal-channel.js';
import { browserWakeups } from './signaling/wakeups.js';
import type { WebSocketConstructor } from './signaling/web-socket-link.js';
import { OwnIdentities } from './sync/own-identities.js';
import type { BudgetSecurityEvent } from './sync/security-event.js';
import type { OpenChannel } from './sync/realtime-link.js';
import { locked, toSealsyncError, type SyncFailure } from './sync/sync-failure.js';
import { resolveSyncSettings, type SyncSettings } from './sync/sync-settings.js';

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
  /**
   * Where this device keeps a budget. By default in IndexedDB, and in memory where the platform
   * has none; for Node see `@sealsync/sdk/node`. Whatever it is, the kit seals what it puts there.
   */
  readonly openStore?: (budgetId: BudgetId, uid: string) => LocalStore;
  /**
   * How tabs that share the store of a budget find each other, so that one of them syncs for all.
   * By default by Web Locks where IndexedDB is the store; nothing where `openStore` is given.
   * `false` where no other tab opens the store: two that write the same without it both sync.
   */
  readonly tabs?: false | ((budgetId: BudgetId, uid: string) => TabGroup | undefined);
  /** The platform's by default; Node 20 has none: pass that of the package `ws`. */
  readonly webSocket?: WebSocketConstructor;
  readonly settings?: Partial<SyncSettings & PeopleSettings>;
  /**
   * Told of every security event of every budget, also of those that keep `openBudget` or
   * `acceptInvite` from answering with one. `budget.on('security')` tells of them as well.
   */
  readonly onSecurity?: (event: BudgetSecurityEvent) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly wakeups?: Wakeups;
  /** Adds up what Firestore bills. */
  readonly count?: OperationCounter;
}

/** The kit's entry point: budgets of one signed-in user on one device. */
export interface Sealsync {
  /** Stands for this user's keys: 64 hex digits, to be shown to whoever adds them in person. */
  readonly fingerprint: string;
  /** Publishes the public keys of the identity, so that owners can add this user by them. */
  publishIdentity(): Promise<void>;
  /**
   * Creates a budget with this user as its only owner, and opens it. With `schemas` the types
   * of its collections follow from them, and every write is held against them. Throws
   * `bad_config` for a schema that is none or is asynchronous.
   */
  createBudget<C extends CollectionShapes = Record<string, object>>(
    options?: BudgetOptions<C>,
  ): Promise<Budget<C>>;
  /**
   * Opens a budget and starts syncing it; resolves once everything that the log holds
   * is readable. Where the network is away or takes more than three seconds, it resolves with
   * what this device has kept, and catches up in the background. Throws
   * {@link SealsyncError}: `access_denied` also for who was removed before this device has read
   * the log, `removed`, `budget_deleted`, `key_missing`,
   * `not_genuine` if the user's note of the budget was altered or names another one,
   * `bad_config` as `createBudget` does, `bad_input` while it is open already; and of what
   * this device keeps of it `store_unavailable`, `store_full`, `store_foreign`, `store_newer`,
   * `store_corrupt`: nothing is deleted then, see {@link wipeLocal}.
   */
  openBudget<C extends CollectionShapes = Record<string, object>>(
    id: string,
    options?: BudgetOptions<C>,
  ): Promise<Budget<C>>;
  /**
   * Joins the budget of an invite link, or of its fragment alone, and opens it; the same link
   * may be opened again by the same user if that was interrupted. Throws `invite_malformed`,
   * `invite_unknown`, `invite_used`, `invite_expired`, `invite_revoked`, `already_member`,
   * `budget_deleted`, `not_genuine`, `upgrade_required`, `bad_config`.
   */
  acceptInvite<C extends CollectionShapes = Record<string, object>>(
    link: string,
    options?: BudgetOptions<C>,
  ): Promise<Budget<C>>;
  /** The budgets that this user created, joined or opened, as their devices have noted them. */
  listBudgets(): Promise<readonly BudgetId[]>;
  /**
   * After a leak: replaces the user's keys in all budgets and under the passphrase, and starts
   * new epochs. Other keyslots are removed; add them again. Calling it again goes on where it
   * was stopped. A budget that fails stops no other, but then it is not complete: until it is,
   * the old keys open. It goes by `listBudgets()`: a budget that this user was added to by
   * fingerprint and has never opened, one that the project leaves out of the list, and one that
   * another device joins meanwhile keep the old keys. There an owner has to remove the user and
   * invite them again. Throws as `prepareRotation` does, and `locked`.
   */
  rotateIdentity(options: RotateIdentityOptions): Promise<RotatedIdentity>;
  /**
   * Deletes all that this device keeps of a budget that is not open, pending edits included,
   * also where it cannot be read: the way out of `store_foreign`, `store_newer` and
   * `store_corrupt`. Throws `bad_input` while it is open: see `budget.wipe()`.
   */
  wipeLocal(id: string): Promise<void>;
  /**
   * Closes every open budget, as `budget.close` does, and wipes their keys. May be called twice.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Loads libsodium and binds the kit to Firestore, the platform's clock, and a WebSocket. Throws
 * `bad_config`.
 */
export async function createSync(options: CreateSyncOptions): Promise<Sealsync> {
  checkSyncOptions(options);
  if (options.identity.uid !== options.user.uid) {
    throw new SealsyncError(
      'bad_config',
      'The identity belongs to another user than is signed in.',
    );
  }
  checkPeopleSettings(options.settings ?? {});
  resolveSyncSettings(options.settings ?? {});
  await loadSodium();
  return new FirebaseSync(options);
}

/** What a device has of a budget when it opens it. */
type LocalStart = Pick<OpenBudgetDeps, 'pin' | 'epochKey' | 'checks'> & {
  readonly store: SealedStore;
};

/** While a budget is open it is worth trying, at ever longer intervals: a server may be away for hours. */
const RECONNECTS = 1_000_000;

type CatchingUp = Pick<Budget, 'sync' | 'people' | 'close' | 'whenPeopleSettled'>;

/** How long opening waits for the network where this device has the budget already. */
const OPEN_WAIT_MS = 3_000;

class FirebaseSync implements Sealsync {
  readonly #options: CreateSyncOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #identities: OwnIdentities;
  readonly #remote: RemoteStorage;
  #closed = false;
  readonly #opening = new Set<BudgetId>();
  readonly #open = new Map<Pick<Budget, 'id' | 'people' | 'close'>, SealedStore>();

  constructor(options: CreateSyncOptions) {
    const { firebase, user, clock = systemClock, random = secureRandom } = options;
    const count = options.count ?? createOperationCounter();
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#identities = new OwnIdentities(options.identity);
    this.#remote = openFirestore({ firebase, uid: user.uid, clock, count });
  }

  get fingerprint(): string {
    return bytesToHex(fingerprintOf(this.#identities.newest));
  }

  publishIdentity(): Promise<void> {
    return this.#run(() => this.#publishIdentity());
  }

  async #publishIdentity(): Promise<void> {
    unwrap(await this.#remote.users.publishKeys(this.#identities.newest.publicKeys));
  }

  createBudget<C extends CollectionShapes = Record<string, object>>(
    options?: BudgetOptions<C>,
  ): Promise<Budget<C>> {
    return this.#run(() => this.#createBudget<C>(checksOf(options)));
  }

  async #createBudget<C extends CollectionShapes>(checks: SchemaChecks): Promise<Budget<C>> {
    const budgetId = bytesToHex(this.#random.bytes(16));
    if (!isBudgetId(budgetId)) throw new Error('16 bytes make a budget id');
    const store = await this.#openStore(budgetId);
    const genesis = await writeGenesis({
      budgetId,
      identities: this.#identities,
      remote: this.#remote.budgetOf(budgetId),
      clock: this.#clock,
      random: this.#random,
      store,
    }).catch(async (error: unknown) => {
      // Nothing is kept of a budget that nobody has.
      await store.wipe();
      await store.close();
      throw error;
    });
    return this.#start<C>(budgetId, { ...genesis, store, checks });
  }

  async openBudget<C extends CollectionShapes = Record<string, object>>(
    id: string,
    options?: BudgetOptions<C>,
  ): Promise<Budget<C>> {
    const budgetId = requireBudgetId(id);
    return this.#run(() => this.#openKnown<C>(budgetId, checksOf(options)));
  }

  acceptInvite<C extends CollectionShapes = Record<string, object>>(
    link: string,
    options?: BudgetOptions<C>,
  ): Promise<Budget<C>> {
    return this.#run(() => this.#acceptInvite<C>(link, checksOf(options)));
  }

  async #acceptInvite<C extends CollectionShapes>(
    link: string,
    checks: SchemaChecks,
  ): Promise<Budget<C>> {
    const read = unwrap(readInviteLink(link));
    const remote = this.#remote.budgetOf(read.budgetId);
    const { fragment, ...invite } = read;
    const deps = { identities: this.#identities, remote, random: this.#random };
    unwrap(await acceptInvite(deps, { ...invite, fragment }));
    return this.#openKnown<C>(read.budgetId, checks);
  }

  listBudgets(): Promise<readonly BudgetId[]> {
    return this.#run(() => this.#listBudgets());
  }

  async #listBudgets(): Promise<readonly BudgetId[]> {
    return unwrap(await this.#remote.budgets.list());
  }

  rotateIdentity(options: RotateIdentityOptions): Promise<RotatedIdentity> {
    return this.#run(() => this.#rotateIdentity(options));
  }

  async #rotateIdentity(options: RotateIdentityOptions): Promise<RotatedIdentity> {
    const { users } = this.#remote;
    const { uid } = this.#identities;
    const rotated = await rotateEverywhere(
      {
        identities: this.#identities,
        listBudgets: () => this.#listBudgets(),
        forget: async (budgetId) => {
          unwrap(await this.#remote.budgets.removePin(budgetId));
        },
        withPeople: (budgetId, use) => this.#withPeople(budgetId, use),
      },
      options,
    );
    // From here on the old keys need not open what is kept on this device.
    for (const store of this.#open.values()) unwrap(await store.reseal());
    if (rotated.isComplete && unwrap(await users.readKeys(uid))) await this.#publishIdentity();
    return rotated;
  }

  async wipeLocal(id: string): Promise<void> {
    const budgetId = requireBudgetId(id);
    return this.#run(() => this.#wipeLocal(budgetId));
  }

  async #wipeLocal(budgetId: BudgetId): Promise<void> {
    if (this.#findOpen(budgetId)) {
      throw new SealsyncError('bad_input', 'The budget is open: close it first, or wipe() it.');
    }
    const store = guardStore(this.#openRawStore(budgetId));
    const wiped = await wipeStore(store);
    await store.close();
    unwrap(wiped);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    this.#closed = true;
    const open = [...this.#open.keys()];
    this.#open.clear();
    await Promise.all(open.map((budget) => budget.close(options)));
  }

  async #openKnown<C extends CollectionShapes>(
    budgetId: BudgetId,
    checks?: SchemaChecks,
  ): Promise<Budget<C>> {
    // Two that write to one store would take each other for a copy of the device.
    if (this.#findOpen(budgetId) || this.#opening.has(budgetId)) {
      const message = 'The budget is open already: use that one, or close it first.';
      throw new SealsyncError('bad_input', message);
    }
    this.#opening.add(budgetId);
    try {
      return await this.#start<C>(budgetId, { store: await this.#openStore(budgetId), checks });
    } catch (error) {
      if (error instanceof SealsyncError && error.kind === 'budget_deleted') {
        await this.#finishDeleting(budgetId);
      }
      throw error;
    } finally {
      this.#opening.delete(budgetId);
    }
  }

  #findOpen(budgetId: BudgetId): Pick<Budget, 'id' | 'people' | 'close'> | undefined {
    return [...this.#open.keys()].find(({ id }) => id === budgetId);
  }

  /** Every call: not after `close`, and what finds its keys wiped says that they are locked. */
  async #run<T>(call: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    try {
      return await call();
    } catch (error) {
      throw error instanceof WipedKeyError ? toSealsyncError(locked()) : error;
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new SealsyncError('closed', 'It was closed: call createSync again.');
  }

  async #withPeople<T>(budgetId: BudgetId, use: (people: BudgetPeople) => Promise<T>): Promise<T> {
    const open = [...this.#open].find(([{ id }]) => id === budgetId);
    if (open) {
      const [{ people }, store] = open;
      unwrap(await store.reseal());
      return use(people);
    }
    const budget = await this.#openKnown(budgetId);
    try {
      return await use(budget.people);
    } finally {
      await budget.close();
    }
  }

  /** An owner's deletion may have been stopped half-way; nobody else is let through. */
  async #finishDeleting(budgetId: BudgetId): Promise<void> {
    const remote = this.#remote.budgetOf(budgetId);
    const list = this.#remote.budgets;
    const purged = await purgeBudget({ budgetId, remote, list }, () => undefined);
    if (!purged.ok && purged.error.kind === 'denied') await list.removePin(budgetId);
  }

  #openRawStore(budgetId: BudgetId): LocalStore {
    const { openStore = openPlatformStore } = this.#options;
    return openStore(budgetId, this.#identities.uid);
  }

  #openTabs(budgetId: BudgetId): TabGroup | undefined {
    const { openStore, tabs = openStore ? false : openPlatformTabs } = this.#options;
    return tabs ? tabs(budgetId, this.#identities.uid) : undefined;
  }

  async #openStore(budgetId: BudgetId): Promise<SealedStore> {
    const raw = this.#openRawStore(budgetId);
    const identities = this.#identities;
    const owner = { uid: identities.uid, budgetId };
    const sealed = await sealStore(raw, { owner, identities, random: this.#random });
    if (!sealed.ok) await raw.close();
    return unwrap(sealed);
  }

  async #start<C extends CollectionShapes>(
    budgetId: BudgetId,
    local: LocalStart,
  ): Promise<Budget<C>> {
    const budget = await this.#assemble<C>(budgetId, local).catch(async (error: unknown) => {
      await local.store.close();
      throw error;
    });
    this.#open.set(budget, local.store);
    const isKnown = budget.people.members().size > 0 && !budget.people.isJoining;
    budget.sync.start();
    if (this.#options.signaling) budget.sync.enableRealtimeSync(this.#options.signaling.url);
    await (isKnown ? this.#catchUpAWhile(budget) : this.#catchUp(budget));
    return budget;
  }

  /** A device that has the budget shows what it has where the network takes long. */
  async #catchUpAWhile(budget: CatchingUp): Promise<void> {
    const catchingUp = this.#catchUp(budget);
    let timer: TimerId | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = this.#clock.setTimeout(resolve, OPEN_WAIT_MS);
    });
    // What it finds later is told by `budget.on`.
    catchingUp.catch(() => undefined);
    try {
      await Promise.race([catchingUp, waited]);
    } finally {
      if (timer) this.#clock.clearTimeout(timer);
    }
  }

  async #assemble<C extends CollectionShapes>(
    budgetId: BudgetId,
    local: LocalStart,
  ): Promise<Budget<C>> {
    // It may have been closed while the call was on its way.
    this.#requireOpen();
    const {
      wakeups = browserWakeups,
      logger = silentLogger,
      settings,
      user,
      onSecurity,
    } = this.#options;
    const budget: Budget<C> = await assembleBudget<C>({
      budgetId,
      onClosed: () => this.#open.delete(budget),
      onSecurity: onSecurity && ((event) => onSecurity({ ...event, budgetId })),
      ...local,
      tabs: this.#openTabs(budgetId),
      wakeups,
      logger,
      identities: this.#identities,
      remote: this.#remote.budgetOf(budgetId),
      list: this.#remote.budgets,
      users: this.#remote.users,
      openChannel: this.#channelsOf(budgetId),
      clock: this.#clock,
      random: this.#random,
      settings: {
        ...DEFAULT_PEOPLE_SETTINGS,
        ...settings,
        ...resolveSyncSettings(settings ?? {}),
      },
      requireRecentSignIn: () => requireRecentSignIn(user),
    });
    return budget;
  }

  /** Waits for the first round; a network that is away is no reason to keep the app waiting. */
  async #catchUp(budget: CatchingUp): Promise<void> {
    try {
      await budget.sync.syncNow().catch(async (error: unknown) => {
        // The edits of who is joining wait until the log knows them.
        const isJoining = error instanceof SealsyncError && error.kind === 'access_denied';
        if (!isJoining || !budget.people.isJoining) throw error;
        await budget.whenPeopleSettled();
        await budget.sync.syncNow();
      });
      await budget.whenPeopleSettled();
    } catch (error) {
      if (error instanceof SealsyncError && error.retryable) return;
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
        maxReconnectAttempts: RECONNECTS,
      });
  }
}

function requireBudgetId(id: string): BudgetId {
  if (isBudgetId(id)) return id;
  throw new SealsyncError('bad_input', 'A budget id is 32 lower-case hex digits.');
}

const checksOf = <C extends CollectionShapes>(options?: BudgetOptions<C>): SchemaChecks =>
  new SchemaChecks(options?.schemas);

/** Inside the kit failures are values; what an app calls throws. */
function unwrap<T>(result: Result<T, SyncFailure>): T {
  if (result.ok) return result.value;
  throw toSealsyncError(result.error);
}
