import {
  collection,
  doc,
  documentId,
  getDocs,
  limit,
  orderBy,
  query,
  where,
  type DocumentReference,
} from 'firebase/firestore/lite';
import { splitIntoCommits } from '../ports/commit-limits.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import { MAX_CHUNKS, type SnapshotStorage, type StoredSnapshot } from '../ports/snapshots.js';
import { err, ok } from '../result.js';
import { callForChunks } from './chunk-call.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { RULES_READS } from './rules-reads.js';
import { parseChunkDocument, parseHeaderDocument } from './snapshot-document.js';
import { chunkRefs } from './snapshot-refs.js';

/** Of up to 900 kB each, so that no answer holds more than a few MB. */
const CHUNKS_PER_QUERY = 4;
const QUERIES_AT_ONCE = 3;

/** What members read of the snapshots in `budgets/{budgetId}/snapshots`. */
export function createSnapshotReading(
  options: FirestoreBudgetOptions,
): Pick<SnapshotStorage, 'list' | 'readChunks'> {
  const { firestore, budgetId, count = createOperationCounter() } = options;
  const [call, callChunks] = [createFirestoreCall(options), callForChunks(options)];
  const budget = doc(firestore, 'budgets', budgetId);

  /** Throws unless it is there as a whole. */
  const readPage = async (page: readonly DocumentReference[]): Promise<readonly Uint8Array[]> => {
    const [first] = page;
    if (!first) return [];
    count.rulesReads += RULES_READS.listChunks;
    const ids = page.map(({ id }) => id);
    const { docs } = await getDocs(
      query(first.parent, where(documentId(), 'in', ids), limit(page.length)),
    );
    count.reads += Math.max(1, docs.length);
    const byId = new Map(docs.map((found) => [found.id, parseChunkDocument(found.data())]));
    return ids.map((id) => {
      const chunk = byId.get(id);
      if (!chunk) throw new RangeError('A chunk is missing');
      return chunk;
    });
  };

  return {
    list: (size, signal) => {
      const run = async (): Promise<StoredSnapshot[]> => {
        count.rulesReads += RULES_READS.listSnapshots;
        const { docs } = await getDocs(
          query(collection(budget, 'snapshots'), orderBy('seq', 'desc'), limit(size)),
        );
        count.reads += Math.max(1, docs.length);
        return docs.map((found) => parseHeaderDocument(found.id, found.data()));
      };
      return call('Listing the snapshots', run, signal);
    },
    readChunks: async (snapshot, signal) => {
      const operation = 'Reading a snapshot';
      if (snapshot.chunks < 1 || snapshot.chunks > MAX_CHUNKS) {
        return err({ kind: 'failed', message: `${operation} asks for chunks that cannot be` });
      }
      const pages = splitIntoCommits(chunkRefs(budget, snapshot), CHUNKS_PER_QUERY);
      const chunks: Uint8Array[] = [];
      for (const part of splitIntoCommits(pages, QUERIES_AT_ONCE)) {
        const reading = part.map((page) => callChunks(operation, () => readPage(page), signal));
        for (const read of await Promise.all(reading)) {
          if (!read.ok) return read;
          chunks.push(...read.value);
        }
      }
      return ok(chunks);
    },
  };
}
