import { setTimeout as sleep } from 'node:timers/promises';
import type { RestingClock } from '../services/clocks.js';
import type { SharedBudget } from '../services/share-budget.js';
import type { Stage, StageWatch } from './watch-stages.js';

/** Longer than a device counts as writing without a rest. */
const REST_MS = 2_000;
/** Keeps hints within the rate that the signaling server allows. */
const REAL_REST_MS = 70;
const MAX_SAMPLE_MS = 30_000;

/** One edit, from the author's call until the reader's subscriber shows it. */
export interface Sample {
  readonly ms: number;
  /** Time from the author's call until each thing first happened, in ms. */
  readonly stages: ReadonlyMap<Stage['name'], number>;
}

/** After a rest, so that it is the first edit for a while. */
export async function measureEdit(
  { authors, readers }: SharedBudget,
  clock: RestingClock,
  watch: StageWatch,
  change: { readonly id: string; readonly amount: number },
): Promise<Sample> {
  await sleep(REAL_REST_MS);
  clock.rest(REST_MS);
  watch.take();
  const seen = whenSeen(readers, change);
  const startMs = performance.now();
  const edited = authors.collection('transactions').update(change.id, { amount: change.amount });
  const endMs = await seen;
  await edited;
  const stages = new Map<Stage['name'], number>();
  for (const { name, atMs } of watch.take()) {
    if (!stages.has(name)) stages.set(name, atMs - startMs);
  }
  return { ms: endMs - startMs, stages };
}

/** When the reader's subscriber shows it, in ms of `performance.now()`. */
function whenSeen(
  readers: SharedBudget['readers'],
  { id, amount }: { readonly id: string; readonly amount: number },
): Promise<number> {
  const transactions = readers.collection('transactions');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unsubscribe();
      reject(new Error('The other device has not seen an edit within 30 s.'));
    }, MAX_SAMPLE_MS);
    const unsubscribe = transactions.subscribe(({ ids }) => {
      if (!ids.has(id) || transactions.get(id)?.amount !== amount) return;
      clearTimeout(timer);
      unsubscribe();
      resolve(performance.now());
    });
  });
}
