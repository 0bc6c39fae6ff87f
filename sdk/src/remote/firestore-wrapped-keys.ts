import { bytesToHex } from '@noble/hashes/utils.js';
import {
  collection,
  doc,
  documentId,
  getDoc,
  limit,
  query,
  where,
  writeBatch,
  type QueryFieldFilterConstraint,
} from 'firebase/firestore/lite';
import { MAX_WRAPS_PER_COMMIT, splitIntoCommits } from '../ports/commit-limits.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import { MAX_LISTED_WRAPS, type StoredWrap, type WrappedKeys } from '../ports/wrapped-keys.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { listDocuments } from './list-documents.js';
import { RULES_READS } from './rules-reads.js';
import { parseWrapDocument, toWrapDocument } from './wrap-document.js';
import { AFTER_WRAP_SEPARATOR, wrapIdOf } from './wrap-id.js';

/** All wraps of one key: what a member may store under other keys does not crowd them out. */
const withKid = (kid: Uint8Array): readonly QueryFieldFilterConstraint[] => [
  where(documentId(), '>=', wrapIdOf(kid, '')),
  where(documentId(), '<', `${bytesToHex(kid)}${AFTER_WRAP_SEPARATOR}`),
];

/** Wrapped epoch keys in `budgets/{budgetId}/keys`. */
export function createFirestoreWrappedKeys(options: FirestoreBudgetOptions): WrappedKeys {
  const { firestore, budgetId, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  const keys = collection(firestore, 'budgets', budgetId, 'keys');
  return {
    read: (kid, recipient, signal) => {
      const id = wrapIdOf(kid, recipient);
      const run = async (): Promise<Uint8Array | undefined> => {
        count.rulesReads += RULES_READS.readWrap;
        const snapshot = await getDoc(doc(keys, id));
        count.reads += 1;
        return parseWrapDocument(id, snapshot.data())?.wrap;
      };
      return call('Reading a wrapped key', run, signal);
    },
    put: (wraps, signal) => {
      const run = async (): Promise<void> => {
        const documents = wraps.map((wrap) => ({
          ref: doc(keys, wrapIdOf(wrap.kid, wrap.recipient)),
          data: toWrapDocument(wrap),
        }));
        for (const commit of splitIntoCommits(documents, MAX_WRAPS_PER_COMMIT)) {
          if (signal?.aborted) return;
          const batch = writeBatch(firestore);
          for (const { ref, data } of commit) batch.set(ref, data);
          count.writes += commit.length;
          count.rulesReads += commit.length * RULES_READS.putWrap;
          await batch.commit();
        }
      };
      return call('Storing wrapped keys', run, signal);
    },
    list: (kid, signal) => {
      const run = async (): Promise<StoredWrap[]> => {
        const found = query(keys, ...withKid(kid), limit(MAX_LISTED_WRAPS));
        const docs = await listDocuments(found, count, RULES_READS.listWraps);
        return docs
          .map((document) => parseWrapDocument(document.id, document.data()))
          .filter((wrap) => wrap !== undefined);
      };
      return call('Listing the wrapped keys', run, signal);
    },
  };
}
