import {
  collection,
  deleteDoc,
  documentId,
  getDoc,
  limit,
  orderBy,
  query,
  setDoc,
  startAfter,
} from 'firebase/firestore/lite';
import { isBudgetId, type BudgetId } from '../model/ids.js';
import { MAX_LISTED_BUDGETS, type BudgetList } from '../ports/budget-list.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreUserOptions } from './firestore-options.js';
import { parsePinDocument, pinRef, toPinDocument } from './pin-document.js';
import { listDocuments } from './list-documents.js';
import { RULES_READS } from './rules-reads.js';

/** The user's own list of budgets in `users/{uid}/budgets`. */
export function createFirestoreBudgetList(options: FirestoreUserOptions): BudgetList {
  const { firestore, uid, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  return {
    list: (signal) => {
      const run = async (): Promise<BudgetId[]> => {
        const pins = query(
          collection(firestore, 'users', uid, 'budgets'),
          orderBy(documentId()),
          limit(MAX_LISTED_BUDGETS),
        );
        const ids: string[] = [];
        let page = pins;
        for (;;) {
          const docs = await listDocuments(page, count, RULES_READS.listBudgets);
          ids.push(...docs.map(({ id }) => id));
          const last = docs.at(-1);
          if (!last || docs.length < MAX_LISTED_BUDGETS || signal?.aborted) break;
          page = query(pins, startAfter(last));
        }
        return ids.filter(isBudgetId);
      };
      return call('Listing the budgets', run, signal);
    },
    readPin: (budgetId, signal) => {
      const run = async (): Promise<Uint8Array | undefined> => {
        count.rulesReads += RULES_READS.readPin;
        const snapshot = await getDoc(pinRef(firestore, uid, budgetId));
        count.reads += 1;
        return parsePinDocument(snapshot.data());
      };
      return call('Reading the note of a budget', run, signal);
    },
    putPin: (budgetId, pin, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.putPin;
        return setDoc(pinRef(firestore, uid, budgetId), toPinDocument(pin));
      };
      return call('Storing the note of a budget', run, signal);
    },
    removePin: (budgetId, signal) => {
      const run = (): Promise<void> => {
        count.deletes += 1;
        count.rulesReads += RULES_READS.removePin;
        return deleteDoc(pinRef(firestore, uid, budgetId));
      };
      return call('Removing the note of a budget', run, signal);
    },
  };
}
