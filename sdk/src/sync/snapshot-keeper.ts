import { decodeCanonical, encodeCanonical, type Item } from '../codec/cbor.js';
import { isSealsyncError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { RemoteLog } from '../ports/remote-log.js';
import {
  MAX_LISTED_SNAPSHOTS,
  snapshotIdOf,
  type NewSnapshot,
  type StoredSnapshot,
} from '../ports/snapshots.js';
import { ok, type Result } from '../result.js';
import { Backoff } from './backoff.js';
import { chooseKept } from './kept-snapshots.js';
import { sleep } from './sleep.js';
import type { SnapshotDeps } from './snapshot-deps.js';
import { isTransient, toSealsyncError } from './sync-failure.js';
import type { SyncOrchestrator } from './sync-orchestrator.js';
import type { SyncSettings } from './sync-settings.js';
import { takeSnapshot } from './take-snapshot.js';

export interface SnapshotKeeperDeps extends SnapshotDeps {
  readonly sync: SyncOrchestrator;
  readonly log: Pick<RemoteLog, 'readBudget'>;
  readonly store: LocalStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: Pick<
    SyncSettings,
    'snapshotEveryEntries' | 'firstRetryDelayMs' | 'maxRetryDelayMs'
  >;
}

/** What is being stored: chunks without their header are found by its id alone. */
type Owed = Pick<StoredSnapshot, 'id' | 'chunks'>;

/** Set while a digest is stated whose snapshot is not stored yet. */
const OWED_KEY = 'snapshot-owed';
const MAX_ATTEMPTS = 6;

/**
 * Takes a snapshot when enough was appended since the last one, so that whoever opens the budget
 * anew reads few documents. Only devices that append do it: reading never leads to an upload.
 */
export class SnapshotKeeper {
  readonly #deps: SnapshotKeeperDeps;
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  #stopListening: () => void = () => undefined;
  #working: Promise<void> | undefined;
  /** The newest own entry that was looked at. */
  #seenOwnSeq = 0;
  /** A digest of this device was stated whose snapshot was not stored. */
  #isOwed = false;
  /** What an earlier run may have stored parts of, which nobody but its author can name. */
  #abandoned: Owed | undefined;

  constructor(deps: SnapshotKeeperDeps) {
    const { random, settings } = deps;
    this.#deps = deps;
    this.#backoff = new Backoff(random, settings.firstRetryDelayMs, settings.maxRetryDelayMs);
  }

  start(): void {
    this.#stopListening = this.#deps.sync.onStatus(({ state, role }) => {
      if (state === 'idle' && role === 'leader') this.#consider();
    });
    void this.#deps.store.get(OWED_KEY).then((owed) => {
      if (!owed.ok || !owed.value) return;
      this.#isOwed = true;
      this.#abandoned = decodeOwed(owed.value);
    });
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#abort.abort();
    await this.#working;
  }

  #consider(): void {
    if (this.#working || this.#abort.signal.aborted) return;
    if (this.#deps.session.disputes.length > 0) this.#run(() => this.#dispute());
    else if (this.#isDue()) this.#run(() => this.#take());
  }

  #run(work: () => Promise<void>): void {
    this.#working = work()
      .catch((error: unknown) => {
        const kind = isSealsyncError(error) ? error.kind : 'unexpected';
        this.#deps.logger.warn('no snapshot was taken', { kind });
      })
      .then(() => {
        this.#working = undefined;
      });
  }

  #isDue(): boolean {
    const { session, replica, settings } = this.#deps;
    const { lastOwnSeq } = session;
    if (lastOwnSeq <= this.#seenOwnSeq) return false;
    this.#seenOwnSeq = lastOwnSeq;
    const { seq, digests } = replica.confirmed.position;
    return this.#isOwed || seq - digests.seq >= settings.snapshotEveryEntries;
  }

  /** Tells everybody that a digest is not what this device has folded. */
  #dispute(): Promise<void> {
    const { sync, session } = this.#deps;
    return sync.betweenRounds((signal) => session.appendDisputes(signal));
  }

  async #take(): Promise<void> {
    const { sync, store } = this.#deps;
    let taken: NewSnapshot | undefined;
    await sync.betweenRounds(async (signal) => {
      const noted = await this.#note(undefined);
      if (!noted.ok) return noted;
      const sealed = await takeSnapshot(this.#deps, signal);
      if (!sealed.ok) return sealed;
      taken = sealed.value.snapshot;
      // Or its own digest would ask for the next one, for as long as storing it fails.
      this.#seenOwnSeq = this.#deps.session.lastOwnSeq;
      return ok(sealed.value.appended);
    });
    this.#isOwed = taken !== undefined;
    if (taken) await this.#store(taken);
    if (!this.#isOwed) await store.commit({ remove: [OWED_KEY] });
  }

  #note(taken: NewSnapshot | undefined): Promise<Result<void, StoreError>> {
    const owed = taken && { id: this.#idOf(taken), chunks: taken.chunks.length };
    return this.#deps.store.commit({ put: new Map([[OWED_KEY, encodeOwed(owed)]]) });
  }

  #idOf({ seq, nonce }: NewSnapshot): string {
    return snapshotIdOf(seq, this.#deps.identities.uid, nonce);
  }

  /** Edits do not wait for it: the state is sealed already. */
  async #store(taken: NewSnapshot): Promise<void> {
    const { snapshots } = this.#deps;
    if (this.#abandoned) await snapshots.remove(this.#abandoned, this.#abort.signal);
    this.#abandoned = { id: this.#idOf(taken), chunks: taken.chunks.length };
    await this.#note(taken);
    for (let attempt = 1; ; attempt += 1) {
      const stored = await snapshots.put(taken, undefined, this.#abort.signal);
      if (stored.ok) break;
      const tryAgain = isTransient(stored.error) && attempt < MAX_ATTEMPTS;
      if (!tryAgain || !(await this.#pause())) throw toSealsyncError(stored.error);
    }
    this.#backoff.reset();
    this.#isOwed = false;
    this.#abandoned = undefined;
    await this.#removeOld();
  }

  /** Whether to go on after a pause. */
  async #pause(): Promise<boolean> {
    const { signal } = this.#abort;
    await sleep(this.#deps.clock, this.#backoff.nextDelayMs(), signal);
    return !signal.aborted;
  }

  async #removeOld(): Promise<void> {
    const { snapshots, log, corrected, identities, replica } = this.#deps;
    const { signal } = this.#abort;
    const listed = await snapshots.list(MAX_LISTED_SNAPSHOTS, signal);
    const budget = await log.readBudget(signal);
    if (!listed.ok || !budget.ok) return;
    const kept = chooseKept(listed.value, budget.value.base, corrected.now());
    const isOwner = replica.confirmed.position.members.get(identities.uid)?.role === 'owner';
    const removable = listed.value.filter(
      ({ id, author }) => !kept.has(id) && (isOwner || author === identities.uid),
    );
    for (const snapshot of removable) await snapshots.remove(snapshot, signal);
  }
}

/** CBOR: an id and a number of chunks, or nothing before anything is stored. */
const encodeOwed = (owed: Owed | undefined): Uint8Array =>
  encodeCanonical(owed ? [owed.id, owed.chunks] : []);

function decodeOwed(bytes: Uint8Array): Owed | undefined {
  const item = decodeCanonical(bytes);
  if (!Array.isArray(item)) return undefined;
  const parts: readonly Item[] = item;
  const [id, chunks] = parts;
  return typeof id === 'string' && typeof chunks === 'number' ? { id, chunks } : undefined;
}
