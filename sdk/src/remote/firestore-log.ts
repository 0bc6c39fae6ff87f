import {
  collection,
  doc,
  getDoc,
  getDocs,
  limit,
  orderBy,
  query,
  serverTimestamp,
  setDoc,
  Timestamp,
  where,
  writeBatch,
  type DocumentReference,
  type Firestore,
  type QueryConstraint,
  type WriteBatch,
} from 'firebase/firestore/lite';
import { fitsCommit } from '../ports/commit-limits.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import type {
  BudgetChange,
  BudgetDocument,
  LogEntry,
  NewBudget,
  ReadRange,
  RemoteError,
  RemoteLog,
  StoredEntry,
} from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import { newBudgetDocument, parseBudgetDocument, toMembersChange } from './budget-document.js';
import { parseEntryDocument, toEntryDocument } from './entry-document.js';
import { createFirestoreCall, type FirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { pinRef, toPinDocument } from './pin-document.js';
import { departureRef, toNoticeDocument } from './departure-document.js';
import { RULES_READS } from './rules-reads.js';
import { toWrapDocument } from './wrap-document.js';
import { wrapIdOf } from './wrap-id.js';

/** The log of one budget in Firestore, as `firestore.rules` lets its members use it. */
export function createFirestoreLog(options: FirestoreBudgetOptions): RemoteLog {
  return new FirestoreLog(options);
}

class FirestoreLog implements RemoteLog {
  readonly #firestore: Firestore;
  readonly #uid: string;
  readonly #budget: DocumentReference;
  readonly #count: OperationCounter;
  readonly #call: FirestoreCall;

  constructor(options: FirestoreBudgetOptions) {
    this.#firestore = options.firestore;
    this.#uid = options.uid;
    this.#budget = doc(options.firestore, 'budgets', options.budgetId);
    this.#count = options.count ?? createOperationCounter();
    this.#call = createFirestoreCall(options);
  }

  create(
    genesis: LogEntry,
    { wrap, pin }: NewBudget,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const run = (): Promise<void> => {
      this.#count.writes += 4;
      this.#count.rulesReads += RULES_READS.createBudget;
      return writeBatch(this.#firestore)
        .set(this.#budget, newBudgetDocument(this.#uid))
        .set(this.#changeRef(genesis.seq), toEntryDocument(genesis))
        .set(doc(this.#budget, 'keys', wrapIdOf(wrap.kid, wrap.recipient)), toWrapDocument(wrap))
        .set(pinRef(this.#firestore, this.#uid, this.#budget.id), toPinDocument(pin))
        .commit();
    };
    return this.#call('Creating the budget', run, signal);
  }

  async append(
    entries: readonly LogEntry[],
    change: BudgetChange = {},
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const operation = 'Appending to the log';
    if (!fitsCommit(entries)) {
      return err({ kind: 'failed', message: `${operation} takes more than one commit holds` });
    }
    const run = (): Promise<void> => {
      const batch = writeBatch(this.#firestore);
      for (const entry of entries) batch.set(this.#changeRef(entry.seq), toEntryDocument(entry));
      this.#count.writes += entries.length;
      this.#count.rulesReads += entries.length * RULES_READS.appendEntry;
      this.#addChange(batch, change);
      return batch.commit();
    };
    return this.#call(operation, run, signal);
  }

  async read(
    range: ReadRange,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredEntry[], RemoteError>> {
    const operation = 'Reading the log';
    const run = async (): Promise<StoredEntry[]> => {
      const entries = await this.#list(
        where('seq', '>', range.after),
        orderBy('seq'),
        limit(range.limit),
      );
      return entries.filter((entry) => entry.seq > range.after).sort((a, b) => a.seq - b.seq);
    };
    const page = await this.#call(operation, run, signal);
    // A budget that can be read has a head, so nothing at all is a read that failed.
    if (page.ok && page.value.length === 0 && range.after === 0) {
      return err({ kind: 'failed', message: `${operation} found no entry at all` });
    }
    return page;
  }

  async readHead(signal?: AbortSignal): Promise<Result<StoredEntry, RemoteError>> {
    const operation = 'Reading the head of the log';
    const run = (): Promise<StoredEntry[]> => this.#list(orderBy('seq', 'desc'), limit(1));
    const found = await this.#call(operation, run, signal);
    if (!found.ok) return found;
    const [head] = found.value;
    return head ? ok(head) : err({ kind: 'failed', message: `${operation} found no entry at all` });
  }

  readEpochStart(
    epoch: number,
    signal?: AbortSignal,
  ): Promise<Result<StoredEntry | undefined, RemoteError>> {
    const run = async (): Promise<StoredEntry | undefined> => {
      const found = await this.#list(where('epoch', '==', epoch), orderBy('seq'), limit(1));
      return found.find((entry) => entry.epoch === epoch && entry.frame.length > 0);
    };
    return this.#call('Reading the start of an epoch', run, signal);
  }

  async readBudget(signal?: AbortSignal): Promise<Result<BudgetDocument, RemoteError>> {
    const operation = 'Reading the budget';
    const run = async (): Promise<BudgetDocument | undefined> => {
      this.#count.rulesReads += RULES_READS.readBudget;
      const snapshot = await getDoc(this.#budget);
      this.#count.reads += 1;
      return parseBudgetDocument(snapshot.data());
    };
    const found = await this.#call(operation, run, signal);
    if (!found.ok) return found;
    if (!found.value) return err({ kind: 'failed', message: `${operation} found no budget in it` });
    return ok(found.value);
  }

  async serverTime(signal?: AbortSignal): Promise<Result<number, RemoteError>> {
    const operation = "Reading the server's time";
    const clock = doc(this.#firestore, 'users', this.#uid, 'clock', 'now');
    const run = async (): Promise<unknown> => {
      this.#count.writes += 1;
      this.#count.rulesReads += RULES_READS.readServerTime;
      await setDoc(clock, { at: serverTimestamp() });
      const snapshot = await getDoc(clock);
      this.#count.reads += 1;
      return snapshot.data()?.['at'];
    };
    const at = await this.#call(operation, run, signal);
    if (!at.ok) return at;
    if (at.value instanceof Timestamp) return ok(at.value.toMillis());
    return err({ kind: 'failed', message: `${operation} found no time` });
  }

  #addChange(batch: WriteBatch, change: BudgetChange): void {
    const { members, epoch, departure } = change;
    if (members || epoch !== undefined) {
      const settled = change.settlesLeaving ? { rekey: false } : {};
      const start = epoch === undefined ? {} : { epoch, ...settled };
      // Merged, so that of two changes at once neither undoes the other's.
      batch.set(this.#budget, { ...toMembersChange(members), ...start }, { merge: true });
      this.#count.writes += 1;
      this.#count.rulesReads += RULES_READS[epoch === undefined ? 'changeMembers' : 'startEpoch'];
    }
    if (departure) {
      batch.set(departureRef(this.#budget, departure.uid), toNoticeDocument(departure.notice));
      this.#count.writes += 1;
      this.#count.rulesReads += RULES_READS.putDeparture;
    }
  }

  async #list(...constraints: QueryConstraint[]): Promise<StoredEntry[]> {
    this.#count.rulesReads += RULES_READS.listChanges;
    const { docs } = await getDocs(query(collection(this.#budget, 'changes'), ...constraints));
    this.#count.reads += Math.max(1, docs.length);
    return docs
      .map((found) => parseEntryDocument(found.id, found.data()))
      .filter((entry) => entry !== undefined);
  }

  #changeRef(seq: number): DocumentReference {
    return doc(this.#budget, 'changes', String(seq));
  }
}
