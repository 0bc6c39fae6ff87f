import { doc, getDoc, setDoc, writeBatch } from 'firebase/firestore/lite';
import { equalBytes } from '../bytes.js';
import { MAX_CHUNK_DELETES_PER_COMMIT, splitIntoCommits } from '../ports/commit-limits.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import type { RemoteError } from '../ports/remote-log.js';
import { fitsSnapshot, snapshotIdOf, type SnapshotStorage } from '../ports/snapshots.js';
import { err, ok, type Result } from '../result.js';
import { callForChunks } from './chunk-call.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { createLogPruning } from './log-pruning.js';
import { RULES_READS } from './rules-reads.js';
import { parseHeaderDocument, toChunkDocument, toHeaderDocument } from './snapshot-document.js';
import { createSnapshotReading } from './snapshot-reading.js';
import { chunkPlaces, chunkRef, headerRef } from './snapshot-refs.js';

/** The snapshots of one budget in Firestore, as `firestore.rules` let its members use them. */
export const createFirestoreSnapshots = (options: FirestoreBudgetOptions): SnapshotStorage => ({
  ...createSnapshotReading(options),
  ...createSnapshotWriting(options),
  ...createLogPruning(options),
});

function createSnapshotWriting(
  options: FirestoreBudgetOptions,
): Pick<SnapshotStorage, 'put' | 'remove'> {
  const { firestore, uid, budgetId, count = createOperationCounter() } = options;
  const [call, callChunks] = [createFirestoreCall(options), callForChunks(options)];
  const budget = doc(firestore, 'budgets', budgetId);

  /** A header closes its snapshot, also to an author who never heard that it is there. */
  const settle = async (
    refused: RemoteError,
    id: string,
    header: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Result<string, RemoteError>> => {
    if (refused.kind !== 'denied') return err(refused);
    const isThere = async (): Promise<boolean> => {
      count.rulesReads += RULES_READS.readHeader;
      const found = await getDoc(headerRef(budget, id));
      count.reads += 1;
      const data = found.data();
      return data !== undefined && equalBytes(parseHeaderDocument(id, data).header, header);
    };
    const found = await call('Reading the header of a snapshot', isThere, signal);
    return found.ok && found.value ? ok(id) : err(refused);
  };

  return {
    put: async (snapshot, onProgress, signal) => {
      const operation = 'Storing a snapshot';
      if (!fitsSnapshot(snapshot)) {
        return err({ kind: 'failed', message: `${operation} takes more than one can hold` });
      }
      const header = snapshot.header.slice();
      const documents = snapshot.chunks.map(toChunkDocument);
      const id = snapshotIdOf(snapshot.seq, uid, snapshot.nonce);
      const total = documents.length + 1;
      for (const [at, document] of documents.entries()) {
        const putChunk = (): Promise<void> => {
          count.writes += 1;
          count.rulesReads += RULES_READS.putChunk;
          return setDoc(chunkRef(budget, id, at), document);
        };
        const stored = await callChunks(operation, putChunk, signal);
        if (!stored.ok) return settle(stored.error, id, header, signal);
        onProgress?.(at + 1, total);
      }
      const putHeader = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.putHeader;
        const chunks = documents.length;
        const document = toHeaderDocument({ seq: snapshot.seq, author: uid, chunks, header });
        return setDoc(headerRef(budget, id), document);
      };
      const closed = await call(operation, putHeader, signal);
      if (!closed.ok) return settle(closed.error, id, header, signal);
      onProgress?.(total, total);
      return ok(id);
    },
    remove: async (snapshot, signal) => {
      const places = chunkPlaces(snapshot);
      const [first = [], ...rest] = splitIntoCommits(places, MAX_CHUNK_DELETES_PER_COMMIT);
      for (const part of [first, ...rest]) {
        const removePart = (): Promise<void> => {
          const batch = writeBatch(firestore);
          if (part === first) {
            batch.delete(headerRef(budget, snapshot.id));
            count.deletes += 1;
            count.rulesReads += RULES_READS.removeHeader;
          }
          for (const at of part) batch.delete(chunkRef(budget, snapshot.id, at));
          count.deletes += part.length;
          count.rulesReads += part.length * RULES_READS.removeChunk;
          return batch.commit();
        };
        const removed = await call('Removing a snapshot', removePart, signal);
        if (!removed.ok) return removed;
      }
      return ok();
    },
  };
}
