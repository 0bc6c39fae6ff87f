import {
  collection,
  doc,
  getDocs,
  limit,
  orderBy,
  query,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore/lite';
import { timeMs } from '../report/medians.js';
import { readPage } from '../services/found-log.js';
import { signIn, type Account } from '../services/sign-in.js';
import type { LongLog } from './long-log.js';
import type { Backend } from '../services/start-backend.js';

/** The most that the rules let one query read. */
const PAGE = 200;
const MAX_CHUNKS = 64;

/**
 * The floor: a new session reads the same documents with plain firestore/lite, as many at once as
 * can be: the headers of snapshots, then chunks and the entries behind; in ms.
 */
export async function readPlainly(
  backend: Backend,
  account: Account,
  log: Pick<LongLog, 'budgetId' | 'lastSeq'>,
): Promise<number> {
  const session = await signIn(backend, { ...account, isNew: false });
  try {
    return await timeMs(async () => {
      const { firestore } = session;
      const snapshots = collection(doc(firestore, 'budgets', log.budgetId), 'snapshots');
      const { docs } = await getDocs(query(snapshots, orderBy('seq', 'desc'), limit(2)));
      const [newest] = docs;
      const seq = Number(newest?.data()['seq'] ?? 1);
      await Promise.all([newest && readChunks(newest.ref), readLog(firestore, log, seq - 1)]);
    });
  } finally {
    await session.close();
  }
}

async function readChunks(snapshot: DocumentReference): Promise<void> {
  await getDocs(query(collection(snapshot, 'chunks'), limit(MAX_CHUNKS)));
}

async function readLog(
  firestore: Firestore,
  { budgetId, lastSeq }: Pick<LongLog, 'budgetId' | 'lastSeq'>,
  from: number,
): Promise<void> {
  for (let after = from; after < lastSeq;) {
    const page = await readPage(firestore, budgetId, after, PAGE);
    const last = page.at(-1);
    if (!last) throw new Error('the log is as long as it was written');
    after = last.seq;
  }
}
