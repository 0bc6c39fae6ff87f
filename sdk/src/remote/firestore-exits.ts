import {
  collection,
  deleteField,
  doc,
  FieldPath,
  getDoc,
  getDocs,
  limit,
  query,
  updateDoc,
  writeBatch,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore/lite';
import { MAX_PURGED_AT_ONCE, type BudgetExits } from '../ports/budget-exits.js';
import { MAX_DELETES_PER_COMMIT, splitIntoCommits } from '../ports/commit-limits.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import { MAX_LISTED_SNAPSHOTS } from '../ports/snapshots.js';
import { ok } from '../result.js';
import { parseBudgetDocument } from './budget-document.js';
import { departureRef, parseNoticeDocument, toNoticeDocument } from './departure-document.js';
import { toBytes } from './entry-document.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { RULES_READS } from './rules-reads.js';
import { parseHeaderDocument } from './snapshot-document.js';
import { chunkPlaces, chunkRef } from './snapshot-refs.js';

/** What lies below a budget but for snapshots; the log first, since it is the most. */
const COLLECTIONS = ['changes', 'keys', 'invites', 'departures'] as const;

/** Leaving a budget in Firestore, and deleting it. */
export function createFirestoreExits(options: FirestoreBudgetOptions): BudgetExits {
  const { firestore, uid, budgetId, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  const budget = doc(firestore, 'budgets', budgetId);
  const isDeleted = async (): Promise<boolean> => {
    const snapshot = await getDoc(budget);
    count.reads += 1;
    return parseBudgetDocument(snapshot.data())?.deleted === true;
  };
  return {
    leave: (notice, signal) => {
      const run = (): Promise<void> => {
        count.writes += 2;
        count.rulesReads += RULES_READS.leave;
        return writeBatch(firestore)
          .update(budget, new FieldPath('members', uid), deleteField(), 'rekey', true)
          .set(departureRef(budget, uid), toNoticeDocument(notice))
          .commit();
      };
      return call('Leaving the budget', run, signal);
    },
    readDeparture: (of, signal) => {
      const run = async (): Promise<Uint8Array | undefined> => {
        count.rulesReads += of === uid ? 0 : RULES_READS.readDeparture;
        const snapshot = await getDoc(departureRef(budget, of));
        count.reads += 1;
        return parseNoticeDocument(snapshot.data());
      };
      return call('Reading the notice of a departure', run, signal);
    },
    markDeleted: async (tombstone, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.deleteBudget;
        return updateDoc(budget, { deleted: true, tombstone: toBytes(tombstone) });
      };
      const marked = await call('Deleting the budget', run, signal);
      if (marked.ok || marked.error.kind !== 'denied') return marked;
      const found = await call('Reading the budget', isDeleted, signal);
      return found.ok && found.value ? ok() : marked;
    },
    purge: (signal) =>
      call(
        'Removing what is left of the budget',
        async () => {
          const refs = await findPurgeable(budget, count);
          if (refs.length > 0) {
            await removeAll(firestore, refs, count);
            return refs.length;
          }
          const { chunks, headers } = await findPurgeableSnapshots(budget, count);
          // A header tells which chunks there are: it goes once none is left.
          await removeAll(firestore, chunks, count);
          await removeAll(firestore, headers, count);
          return chunks.length + headers.length;
        },
        signal,
      ),
  };
}

async function findPurgeable(
  budget: DocumentReference,
  count: OperationCounter,
): Promise<readonly DocumentReference[]> {
  for (const name of COLLECTIONS) {
    count.rulesReads += RULES_READS.listPurgeable;
    const { docs } = await getDocs(query(collection(budget, name), limit(MAX_PURGED_AT_ONCE)));
    count.reads += Math.max(1, docs.length);
    if (docs.length > 0) return docs.map(({ ref }) => ref);
  }
  return [];
}

/** Of the snapshots that are left, as many as one call may remove; at least one. */
async function findPurgeableSnapshots(
  budget: DocumentReference,
  count: OperationCounter,
): Promise<{
  readonly chunks: readonly DocumentReference[];
  readonly headers: readonly DocumentReference[];
}> {
  count.rulesReads += RULES_READS.listPurgeable;
  const { docs } = await getDocs(
    query(collection(budget, 'snapshots'), limit(MAX_LISTED_SNAPSHOTS)),
  );
  count.reads += Math.max(1, docs.length);
  const [chunks, headers]: [DocumentReference[], DocumentReference[]] = [[], []];
  for (const document of docs) {
    const places = chunkPlaces(parseHeaderDocument(document.id, document.data()));
    const found = places.map((at) => chunkRef(budget, document.id, at));
    if (chunks.length + headers.length + found.length + 1 > MAX_PURGED_AT_ONCE) break;
    chunks.push(...found);
    headers.push(document.ref);
  }
  return { chunks, headers };
}

async function removeAll(
  firestore: Firestore,
  refs: readonly DocumentReference[],
  count: OperationCounter,
): Promise<void> {
  const commits = splitIntoCommits(refs, MAX_DELETES_PER_COMMIT).map((part) => {
    const batch = writeBatch(firestore);
    for (const ref of part) batch.delete(ref);
    count.deletes += part.length;
    count.rulesReads += part.length * RULES_READS.purgeDocument;
    return batch.commit();
  });
  await Promise.all(commits);
}
