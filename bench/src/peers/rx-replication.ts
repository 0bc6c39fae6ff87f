import { collection, type CollectionReference } from 'firebase/firestore';
import type { RxCollection } from 'rxdb';
import {
  replicateFirestore,
  type RxFirestoreReplicationState,
} from 'rxdb/plugins/replication-firestore';
import type { PeerSession } from './peer-session.js';
import type { RxTransaction } from './rx-store.js';

export interface RxCounts {
  writes: number;
  reads: number;
  rulesReads: number;
}

export interface RxReplication {
  readonly state: RxFirestoreReplicationState<RxTransaction>;
  readonly counts: RxCounts;
}

/** As RxDB's documentation has it. */
const BATCH = 100;

/**
 * RxDB's own replication, counted at its handlers: a pull reads what it returns, and one document
 * for a query that finds nothing; a push reads every document before it writes it.
 */
export function startRxReplication(
  { firestore }: PeerSession,
  projectId: string,
  path: string,
  transactions: RxCollection<RxTransaction>,
): RxReplication {
  const counts: RxCounts = { writes: 0, reads: 0, rulesReads: 0 };
  const state = replicateFirestore<RxTransaction>({
    replicationIdentifier: path,
    collection: transactions,
    firestore: {
      projectId,
      database: firestore,
      collection: collection(firestore, path) as CollectionReference<RxTransaction>,
    },
    pull: { batchSize: BATCH },
    push: { batchSize: BATCH },
    live: true,
    autoStart: false,
  });
  const { pull, push } = state;
  if (!pull || !push) throw new Error('the replication goes both ways');
  const { handler: pullPage } = pull;
  pull.handler = async (checkpoint, batchSize) => {
    const page = await pullPage(checkpoint, batchSize);
    // Two queries from the second page on: newer ones, and others of the same time.
    counts.reads += Math.max(1, page.documents.length) + (checkpoint ? 1 : 0);
    counts.rulesReads += checkpoint ? 2 : 1;
    return page;
  };
  const { handler: pushRows } = push;
  push.handler = async (rows) => {
    const conflicts = await pushRows(rows);
    counts.reads += rows.length;
    counts.writes += rows.length - conflicts.length;
    // One for each query of ten ids, and one for the batch.
    counts.rulesReads += Math.ceil(rows.length / 10) + 1;
    return conflicts;
  };
  // The listener for the newest change hands over one document each time, and has it pull.
  const reSync = state.reSync.bind(state);
  state.reSync = () => {
    counts.reads += 1;
    reSync();
  };
  return { state, counts };
}
