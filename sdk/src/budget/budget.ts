import { SealsyncError } from '../errors.js';
import type { Edit } from '../model/edit.js';
import type { BudgetId } from '../model/ids.js';
import type { BudgetPeople } from '../people/budget-people.js';
import type { BudgetStore } from '../ports/local-store.js';
import { createSubscriptions, type BudgetEvents, type Subscriptions } from './budget-events.js';
import { createCollection, type Collection } from './collection.js';
import type { LogPosition } from '../sync/log-position.js';
import { OpBuilder, type CollectionWriter } from './op-builder.js';
import type { Pruned } from '../sync/prune-log.js';
import type { EditError, Replica } from '../sync/replica.js';
import { digestState } from '../sync/state-digest.js';
import { endedFailure, toSealsyncError } from '../sync/sync-failure.js';
import type { SyncNews } from '../sync/sync-news.js';
import type { SyncOrchestrator } from '../sync/sync-orchestrator.js';

/** The app's collections: a name and the shape of its records. */
export type CollectionShapes = object;

export interface Transaction<C extends CollectionShapes> {
  collection<K extends keyof C & string>(name: K): CollectionWriter<C[K] & object>;
}

export interface CloseOptions {
  /** How long to wait, in ms, for the log to take what is pending; not at all by default. */
  readonly flushTimeoutMs?: number;
}

export interface BudgetDeps {
  readonly id: BudgetId;
  /** Firebase uid of whoever uses this device. */
  readonly uid: string;
  readonly replica: Replica;
  readonly sync: SyncOrchestrator;
  readonly news: SyncNews;
  readonly store: BudgetStore;
  readonly people: BudgetPeople;
  readonly firstLook: () => Promise<void>;
  readonly prune: (onProgress?: (done: number, total: number) => void) => Promise<Pruned>;
  readonly close: () => Promise<void>;
}

/** One budget on this device: its records, its people, and its syncing. */
export class Budget<C extends CollectionShapes = Record<string, object>> {
  readonly id: BudgetId;
  readonly sync: SyncOrchestrator;
  readonly people: BudgetPeople;
  readonly #deps: BudgetDeps;
  readonly #subscribeTo: Subscriptions;
  #closed = false;

  constructor(deps: BudgetDeps) {
    this.id = deps.id;
    this.sync = deps.sync;
    this.people = deps.people;
    this.#deps = deps;
    this.#subscribeTo = createSubscriptions(deps.replica, deps.news);
  }

  collection<K extends keyof C & string>(name: K): Collection<C[K] & object> {
    // A name that cannot be written to is refused here, not at the first write.
    new OpBuilder(() => false).collection(name);
    return createCollection(name, this.#deps.replica, (make) => this.#edit(make));
  }

  /**
   * Makes all changes of `make` in one edit: every device sees all of them or none. `make`
   * must not be async: `bad_input`, and nothing is changed.
   */
  transact(make: (tx: Transaction<C>) => void): Promise<void> {
    // An async function fits a type that promises nothing about the result.
    const run: (tx: Transaction<C>) => unknown = make;
    return this.#edit((builder) => {
      const returned = run({ collection: (name) => builder.collection(name) });
      if (!(returned instanceof Promise)) return;
      // What follows its first await would come too late to be part of the edit.
      returned.catch(() => undefined);
      throw new SealsyncError('bad_input', 'transact() takes a function that does not await.');
    });
  }

  on<K extends keyof BudgetEvents>(event: K, listener: (e: BudgetEvents[K]) => void): () => void {
    return this.#subscribeTo[event](listener);
  }

  /**
   * Resolves once the people have been looked after for the first time, which follows the
   * first sync: what they had begun is finished then, and what nobody has signed is reported.
   * Throws {@link SealsyncError}: `closed` where it never came to that, `removed`,
   * `budget_deleted`, and of the link that led here `not_genuine`, `invite_revoked`.
   */
  whenPeopleSettled(): Promise<void> {
    return this.#deps.firstLook();
  }

  /** How many edits the log does not hold yet. */
  get pendingEdits(): number {
    return this.#deps.replica.outbox.size;
  }

  /** Edits that the log refused for good, oldest first; they are kept until the store is wiped. */
  async rejectedEdits(): Promise<readonly Edit[]> {
    const rejected = await this.#deps.replica.outbox.rejected();
    if (rejected.ok) return rejected.value;
    throw toSealsyncError(rejected.error);
  }

  /** What this device has verified of the log, and a digest of the state it folds to. */
  verifiedState(): { readonly seq: number; readonly epoch: number; readonly digest: string } {
    const { seq, epoch } = this.#position;
    return { seq, epoch, digest: digestState(this.#deps.replica.confirmed.state) };
  }

  /**
   * Removes the history before a snapshot that has stood for 30 days, for good: what it led to
   * stays. From then on, whoever opens the budget anew takes over what the snapshot's author
   * attests of that time. For owners who signed in recently; resolves with nothing removed where
   * no snapshot is old enough, and goes on where an earlier call was stopped. Throws
   * {@link SealsyncError}: `access_denied`, `sign_in_again`, `offline` and others of the network.
   */
  async pruneHistory(
    options: { readonly onProgress?: (done: number, total: number) => void } = {},
  ): Promise<Pruned> {
    this.#requireOpen();
    return this.#deps.prune(options.onProgress);
  }

  /**
   * Stops syncing and releases the local store. Pending edits stay in it, as when a page is
   * closed or a process ends without a word; with `flushTimeoutMs` the log is given so long to
   * take them first, which a store in memory needs. May be called twice.
   */
  async close({ flushTimeoutMs = 0 }: CloseOptions = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (flushTimeoutMs > 0) await this.sync.flush(flushTimeoutMs);
    await this.sync.close();
    await this.#deps.close();
  }

  /**
   * Closes the budget and deletes all that this device keeps of it, pending and rejected edits
   * included: what the log does not hold is lost.
   */
  async wipe(): Promise<void> {
    await this.sync.close();
    const wiped = await this.#deps.store.wipe();
    if (!wiped.ok) throw toSealsyncError(wiped.error);
    await this.close();
  }

  get #position(): LogPosition {
    return this.#deps.replica.confirmed.position;
  }

  async #edit(make: (builder: OpBuilder) => void): Promise<void> {
    this.#requireOpen();
    const { replica, uid } = this.#deps;
    if (replica.membershipEnd) throw toSealsyncError(endedFailure(replica.membershipEnd));
    if (this.#position.members.get(uid)?.role === 'viewer') {
      throw new SealsyncError('access_denied', 'A viewer cannot change the budget; ask an owner.');
    }
    const builder = new OpBuilder(
      (collection, id) => replica.get({ collection, id }) !== undefined,
    );
    make(builder);
    if (builder.ops.length === 0) return;
    const edited = await replica.edit(builder.ops);
    if (!edited.ok) throw toEditFailure(edited.error);
    this.sync.noticeEdit();
  }

  #requireOpen(): void {
    if (this.#closed) throw new SealsyncError('closed', 'The budget was closed; open it again.');
  }
}

function toEditFailure(error: EditError): SealsyncError {
  if (error.kind !== 'too_large') return toSealsyncError(error);
  return new SealsyncError('too_large', `${error.message}.`);
}
