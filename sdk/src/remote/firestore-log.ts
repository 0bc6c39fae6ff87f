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
} from 'firebase/firestore/lite';
import type { BudgetId } from '../model/ids.js';
import { fitsCommit } from '../ports/commit-limits.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import type {
  BudgetDocument,
  LogEntry,
  ReadRange,
  RemoteError,
  RemoteLog,
  StoredEntry,
} from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import { newBudgetDocument, parseBudgetDocument } from './budget-document.js';
import { parseEntryDocument, toEntryDocument } from './entry-document.js';
import {
  createFirestoreCall,
  type FirestoreCall,
  type FirestoreCallOptions,
} from './firestore-call.js';
import { RULES_READS } from './rules-reads.js';

export interface FirestoreLogOptions extends FirestoreCallOptions {
  /** Of `firebase/firestore/lite`, signed in as `uid`. Its logging is switched off. */
  readonly firestore: Firestore;
  readonly uid: string;
  readonly budgetId: BudgetId;
  /** Adds up what is billed. */
  readonly count?: OperationCounter;
}

/** The log of one budget in Firestore, as `firestore.rules` lets its members use it. */
export function createFirestoreLog(options: FirestoreLogOptions): RemoteLog {
  return new FirestoreLog(options);
}

class FirestoreLog implements RemoteLog {
  readonly #firestore: Firestore;
  readonly #uid: string;
  readonly #budget: DocumentReference;
  readonly #count: OperationCounter;
  readonly #call: FirestoreCall;

  constructor(options: FirestoreLogOptions) {
    this.#firestore = options.firestore;
    this.#uid = options.uid;
    this.#budget = doc(options.firestore, 'budgets', options.budgetId);
    this.#count = options.count ?? createOperationCounter();
    this.#call = createFirestoreCall(options);
  }

  create(genesis: LogEntry, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const run = (): Promise<void> => {
      this.#count.writes += 2;
      this.#count.rulesReads += RULES_READS.createBudget;
      return writeBatch(this.#firestore)
        .set(this.#budget, newBudgetDocument(this.#uid))
        .set(this.#changeRef(genesis.seq), toEntryDocument(genesis))
        .commit();
    };
    return this.#call('Creating the budget', run, signal);
  }

  async append(
    entries: readonly LogEntry[],
    members?: BudgetDocument['members'],
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const operation = 'Appending to the log';
    if (!fitsCommit(entries)) {
      return err({ kind: 'failed', message: `${operation} takes more than one commit holds` });
    }
    const run = (): Promise<void> => {
      const batch = writeBatch(this.#firestore);
      for (const entry of entries) batch.set(this.#changeRef(entry.seq), toEntryDocument(entry));
      if (members) batch.update(this.#budget, { members });
      this.#count.writes += entries.length + (members ? 1 : 0);
      this.#count.rulesReads +=
        entries.length * RULES_READS.appendEntry + (members ? RULES_READS.changeMembers : 0);
      return batch.commit();
    };
    return this.#call(operation, run, signal);
  }

  async read(
    range: ReadRange,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredEntry[], RemoteError>> {
    const operation = 'Reading the log';
    const changes = query(
      collection(this.#budget, 'changes'),
      where('seq', '>', range.after),
      orderBy('seq'),
      limit(range.limit),
    );
    const run = async (): Promise<StoredEntry[]> => {
      this.#count.rulesReads += RULES_READS.listChanges;
      const { docs } = await getDocs(changes);
      this.#count.reads += Math.max(1, docs.length);
      return docs
        .map((found) => parseEntryDocument(found.id, found.data()))
        .filter((entry) => entry !== undefined)
        .filter((entry) => entry.seq > range.after)
        .sort((a, b) => a.seq - b.seq);
    };
    const page = await this.#call(operation, run, signal);
    // A budget that can be read has a head, so nothing at all is a read that failed.
    if (page.ok && page.value.length === 0 && range.after === 0) {
      return err({ kind: 'failed', message: `${operation} found no entry at all` });
    }
    return page;
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

  #changeRef(seq: number): DocumentReference {
    return doc(this.#budget, 'changes', String(seq));
  }
}
