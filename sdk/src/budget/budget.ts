import type {
  BackupOptions,
  BudgetBackup,
  RestoreOptions,
  RestoreSummary,
} from '../backup/budget-backup.js';
import { SealsyncError } from '../errors.js';
import type { Conflict } from '../model/conflict.js';
import type { Edit } from '../model/edit.js';
import type {
  BudgetHistory,
  ExportHistoryOptions,
  HistoryOptions,
  HistoryPage,
} from '../history/budget-history.js';
import type { BudgetId } from '../model/ids.js';
import type { BudgetPeople } from '../people/budget-people.js';
import type { BudgetStore } from '../ports/local-store.js';
import { createSubscriptions, type BudgetEvents, type Subscriptions } from './budget-events.js';
import { createCollection, type Collection } from './collection.js';
import type { LogPosition } from '../sync/log-position.js';
import type { Pruned } from '../sync/prune-log.js';
import type { Replica } from '../sync/replica.js';
import { requireFits, OpBuilder, type CollectionWriter, type OpBuilderDeps } from './op-builder.js';
import type { RecentConflicts } from './recent-conflicts.js';
import type { SchemaChecks } from './schemas.js';
import { digestState } from '../sync/state-digest.js';
import { endedFailure, toEditFailure, toSealsyncError } from '../sync/sync-failure.js';
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
  readonly checks: SchemaChecks;
  readonly conflicts: RecentConflicts;
  readonly history: BudgetHistory;
  readonly backup: BudgetBackup;
  readonly onListenerError: (error: unknown) => void;
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
    this.#subscribeTo = createSubscriptions(deps);
  }

  collection<K extends keyof C & string>(name: K): Collection<C[K] & object> {
    // A name that cannot be written to is refused here, not at the first write.
    this.#newEdit().collection(name);
    return createCollection(name, this.#deps, (make) => this.#edit(make));
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
    if (!Object.hasOwn(this.#subscribeTo, event) || typeof listener !== 'function') {
      throw new SealsyncError('bad_input', 'on() takes the name of an event and a function.');
    }
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
    this.#requireOpen();
    const rejected = await this.#deps.replica.outbox.rejected();
    if (rejected.ok) return rejected.value;
    throw toSealsyncError(rejected.error);
  }

  /**
   * The last 100 conflicts that this device has found, newest first; they outlast a restart. On
   * a device that reads the whole log they include those that others found long ago.
   */
  conflicts(): readonly Conflict[] {
    return this.#deps.conflicts.list();
  }

  /**
   * Who changed what and when, newest first, as the log has it: each entry is held against the
   * chain that this device has verified. Costs a document read for every entry that it reads,
   * `limit` of them a page, whether or not they are of the `collection` or `id` asked for; and
   * it needs the network. Pending edits are not in it. Throws {@link SealsyncError}: `bad_input`,
   * `offline` and its like, `access_denied`, `key_missing`, and `log_halted` where the server
   * shows anything else than what was verified.
   */
  async history(options: HistoryOptions = {}): Promise<HistoryPage> {
    this.#requireOpen();
    return this.#deps.history.read(options);
  }

  /**
   * The whole log that the server still holds, frames verbatim with their signatures, in the
   * container of docs/protocol.md, "Exported history". The frames stay sealed: who wants to read
   * or to verify them needs the epoch keys, which members have and the export does not hold.
   * Costs a document read for every entry. Throws as `history` does.
   */
  async exportHistory(options: ExportHistoryOptions = {}): Promise<Uint8Array> {
    this.#requireOpen();
    return this.#deps.history.export(options);
  }

  /**
   * An encrypted file of all records as this device has them, pending edits included, with the
   * edits that the log does not hold. Throws `weak_passphrase`, `too_large` beyond 256 MiB, and
   * `failed` where the device has too little memory for the passphrase's KDF.
   */
  async backup(options: BackupOptions): Promise<Uint8Array> {
    this.#requireOpen();
    return this.#deps.backup.make(options);
  }

  /**
   * Writes what a backup holds as ordinary edits, which are pushed like any other; records that
   * are as the backup has them are not written again, so that calling it again after it was
   * stopped goes on where it was. It brings records back, not members, keys or history. Throws
   * {@link SealsyncError}: `backup_damaged`, `backup_newer`, `wrong_passphrase`, and
   * `backup_foreign` for a backup of another budget unless `allowOtherBudget` is given, all of
   * them before anything is touched; `access_denied`, `removed`, `closed`, `store_unavailable`.
   */
  async restore(bytes: Uint8Array, options: RestoreOptions): Promise<RestoreSummary> {
    this.#requireMayEdit();
    try {
      return await this.#deps.backup.restore(bytes, options);
    } finally {
      if (!this.#closed) this.sync.noticeEdit();
    }
  }

  /**
   * All records as plain JSON, for other programs: whoever gets it reads everything. Bytes
   * become `{"$hex": "..."}`. A backup that can be restored is `backup()`.
   */
  exportJson(): string {
    this.#requireOpen();
    return this.#deps.backup.exportJson();
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
   * included: what the log does not hold is lost. Throws `closed` for one that is closed already.
   */
  async wipe(): Promise<void> {
    if (this.#closed) {
      const message = 'The budget was closed: clear its copy with sync.wipeLocal(id).';
      throw new SealsyncError('closed', message);
    }
    await this.sync.close();
    await this.#deps.conflicts.saved();
    const wiped = await this.#deps.store.wipe();
    if (!wiped.ok) throw toSealsyncError(wiped.error);
    await this.close();
  }

  get #position(): LogPosition {
    return this.#deps.replica.confirmed.position;
  }

  async #edit(make: (builder: OpBuilder) => void): Promise<void> {
    this.#requireMayEdit();
    const { replica } = this.#deps;
    const builder = this.#newEdit();
    make(builder);
    if (builder.ops.length === 0) return;
    const edited = await replica.edit(builder.ops, () => {
      requireFits(builder.ops, this.#records);
    });
    if (!edited.ok) throw toEditFailure(edited.error);
    this.sync.noticeEdit();
  }

  get #records(): OpBuilderDeps {
    const { replica, checks } = this.#deps;
    return { checks, read: (key) => replica.get(key) };
  }

  #newEdit(): OpBuilder {
    return new OpBuilder(this.#records);
  }

  #requireMayEdit(): void {
    this.#requireOpen();
    const { replica, uid } = this.#deps;
    if (replica.membershipEnd) throw toSealsyncError(endedFailure(replica.membershipEnd));
    if (this.#position.members.get(uid)?.role === 'viewer') {
      throw new SealsyncError('access_denied', 'A viewer cannot change the budget; ask an owner.');
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new SealsyncError('closed', 'The budget was closed; open it again.');
  }
}
