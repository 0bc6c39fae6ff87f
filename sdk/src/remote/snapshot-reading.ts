import {
  collection,
  doc,
  documentId,
  getDocs,
  limit,
  orderBy,
  query,
  where,
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
import { chunkPlaces, headerRef } from './snapshot-refs.js';

/** Of up to 900 kB each, so that no answer holds more than a few MB. */
const CHUNKS_PER_QUERY = 4;
const QUERIES_AT_ONCE = 3;

interface Chunk {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What members read of the snapshots in `budgets/{budgetId}/snapshots`. */
export function createSnapshotReading(
  options: FirestoreBudgetOptions,
): Pick<SnapshotStorage, 'list' | 'readChunks'> {
  const { firestore, budgetId, count = createOperationCounter() } = options;
  const [call, callChunks] = [createFirestoreCall(options), callForChunks(options)];
  const budget = doc(firestore, 'budgets', budgetId);

  /** Of chunks whose ids follow each other; throws unless all are there. */
  const readPage = async (id: string, page: readonly number[]): Promise<readonly Chunk[]> => {
    const chunks = collection(headerRef(budget, id), 'chunks');
    count.rulesReads += RULES_READS.listChunks;
    const { docs } = await getDocs(
      query(
        chunks,
        where(documentId(), '>=', String(page[0])),
        where(documentId(), '<=', String(page.at(-1))),
        limit(page.length),
      ),
    );
    count.reads += Math.max(1, docs.length);
    const found = new Map(docs.map((chunk) => [chunk.id, parseChunkDocument(chunk.data())]));
    return page.map((at) => {
      const bytes = found.get(String(at));
      if (!bytes) throw new RangeError('A chunk is missing');
      return { at, bytes };
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
      const places = [...chunkPlaces(snapshot)].sort((a, b) => (String(a) < String(b) ? -1 : 1));
      const pages = splitIntoCommits(places, CHUNKS_PER_QUERY);
      const chunks: Chunk[] = [];
      for (const part of splitIntoCommits(pages, QUERIES_AT_ONCE)) {
        const reading = part.map((page) =>
          callChunks(operation, () => readPage(snapshot.id, page), signal),
        );
        for (const read of await Promise.all(reading)) {
          if (!read.ok) return read;
          chunks.push(...read.value);
        }
      }
      return ok(chunks.sort((a, b) => a.at - b.at).map(({ bytes }) => bytes));
    },
  };
}
