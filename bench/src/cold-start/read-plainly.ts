import { timeMs } from '../report/medians.js';
import { readPage } from '../services/found-log.js';
import { signIn, type Account } from '../services/sign-in.js';
import type { LongLog } from './long-log.js';
import type { Backend } from '../services/start-backend.js';

/** The most that the rules let one query read. */
const PAGE = 200;

/** The floor: a new session reads the same documents with plain firestore/lite; in ms. */
export async function readPlainly(
  backend: Backend,
  account: Account,
  log: Pick<LongLog, 'budgetId' | 'lastSeq'>,
): Promise<number> {
  const session = await signIn(backend, { ...account, isNew: false });
  try {
    return await timeMs(async () => {
      for (let after = 0; after < log.lastSeq;) {
        const page = await readPage(session.firestore, log.budgetId, after, PAGE);
        const last = page.at(-1);
        if (!last) throw new Error('the log is as long as it was written');
        after = last.seq;
      }
    });
  } finally {
    await session.close();
  }
}
