import type { Budget } from '@sealsync/sdk';
import { createSeededRandom } from '@sealsync/sdk/testing';
import { makeTransaction, type Shapes } from '../sample/records.js';
import { countFromNow, isSettled, type SharedBudget } from '../services/share-budget.js';
import { waitUntil } from '../services/wait-until.js';

export interface Burst {
  readonly writes: number;
  /** Documents that the author itself read, before and after pushing. */
  readonly reads: number;
  /** Documents that the rules looked at, for the author and for the peer. */
  readonly rulesReads: number;
  readonly peerReads: number;
  /** From going online until the peer has all of it. */
  readonly ms: number;
}

/** Edits made offline on all of `ids` in turn, then pushed at once. */
export async function measureBurst(
  { author, reader, authors, readers }: SharedBudget,
  signalingUrl: string,
  ids: readonly string[],
  edits: number,
): Promise<Burst> {
  await authors.sync.stop();
  await editInTurn(authors, ids, edits);
  const [authorCount, readerCount] = [author, reader].map(({ count }) => countFromNow(count));
  if (!authorCount || !readerCount) throw new Error('both devices count');
  const startMs = performance.now();
  let ms = 0;
  const heard = readers.collection('transactions').subscribe(() => {
    ms = performance.now() - startMs;
  });
  authors.sync.start();
  authors.sync.enableRealtimeSync(signalingUrl);
  await authors.sync.syncNow();
  await waitUntil(() => isSettled(authors, readers));
  heard();
  const [authorTotal, readerTotal] = [authorCount(), readerCount()];
  return {
    writes: authorTotal.writes,
    reads: authorTotal.reads,
    rulesReads: authorTotal.rulesReads + readerTotal.rulesReads,
    peerReads: readerTotal.reads,
    ms,
  };
}

/** Every edit sets the amount or the memo of one record, or adds to its amount. */
async function editInTurn(
  budget: Budget<Shapes>,
  ids: readonly string[],
  edits: number,
): Promise<void> {
  const random = createSeededRandom(1_000);
  const transactions = budget.collection('transactions');
  for (let number = 0; number < edits; number += 1) {
    const id = ids[number % ids.length] ?? '';
    const { amount, memo } = makeTransaction(random);
    if (number % 3 === 0) await transactions.update(id, { memo });
    else if (number % 3 === 1) await transactions.update(id, { amount });
    else await transactions.increment(id, 'amount', 1 - amount);
  }
}
