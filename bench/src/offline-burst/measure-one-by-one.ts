import { setTimeout as sleep } from 'node:timers/promises';
import type { HastyClock } from '../services/clocks.js';
import { countFromNow, isSettled, type SharedBudget } from '../services/share-budget.js';
import { waitUntil } from '../services/wait-until.js';

export interface OneByOne {
  readonly edits: number;
  readonly writes: number;
  readonly reads: number;
  readonly rulesReads: number;
  readonly peerReads: number;
}

/**
 * Edits `everyMs` apart, whether or not the peer has seen the last one. The devices' clocks decide
 * what that is for them: safety pulls and pauses fall due as they would in that time.
 */
export async function measureOneByOne(
  { author, reader, authors, readers }: SharedBudget,
  ids: readonly string[],
  edits: number,
  { clock, everyMs }: { readonly clock: HastyClock; readonly everyMs: number },
  onProgress: (done: number) => void,
): Promise<OneByOne> {
  const [authorCount, readerCount] = [author, reader].map(({ count }) => countFromNow(count));
  if (!authorCount || !readerCount) throw new Error('both devices count');
  const transactions = authors.collection('transactions');
  const startMs = performance.now();
  for (let number = 0; number < edits; number += 1) {
    await sleep(startMs + number * everyMs - performance.now());
    await transactions.update(ids[number % ids.length] ?? '', { amount: number });
    onProgress(number + 1);
  }
  clock.calm();
  await waitUntil(() => isSettled(authors, readers));
  const [authorTotal, readerTotal] = [authorCount(), readerCount()];
  return {
    edits,
    writes: authorTotal.writes,
    reads: authorTotal.reads,
    rulesReads: authorTotal.rulesReads + readerTotal.rulesReads,
    peerReads: readerTotal.reads,
  };
}
