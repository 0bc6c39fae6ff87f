import { getCount, getDocs, type Query, type QueryDocumentSnapshot } from 'firebase/firestore/lite';
import type { OperationCounter } from '../ports/operation-counter.js';

/**
 * What `query` finds. An answer without a document may be a failed one, since firestore/lite
 * drops an error that follows a good status: nothing at all is believed only if Firestore counts
 * as much, and lets itself be read twice for that. Throws where it does not.
 */
export async function listDocuments(
  query: Query,
  count: OperationCounter,
  rulesReads: number,
): Promise<readonly QueryDocumentSnapshot[]> {
  count.rulesReads += rulesReads;
  const { docs } = await getDocs(query);
  count.reads += Math.max(1, docs.length);
  if (docs.length > 0) return docs;
  count.rulesReads += rulesReads;
  const counted = await getCount(query);
  count.reads += 1;
  if (counted.data().count > 0) throw new Error('an answer left out what there is');
  return docs;
}
