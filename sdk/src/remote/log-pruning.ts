import {
  collection,
  doc,
  getDocs,
  limit,
  orderBy,
  query,
  updateDoc,
  where,
  writeBatch,
} from 'firebase/firestore/lite';
import { MAX_PRUNED_PER_COMMIT, splitIntoCommits } from '../ports/commit-limits.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import type { SnapshotStorage } from '../ports/snapshots.js';
import { ok } from '../result.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { RULES_READS } from './rules-reads.js';

/** How owners remove the oldest part of a log in Firestore. */
export function createLogPruning(
  options: FirestoreBudgetOptions,
): Pick<SnapshotStorage, 'raiseFloor' | 'prune'> {
  const { firestore, budgetId, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  const budget = doc(firestore, 'budgets', budgetId);
  const changes = collection(budget, 'changes');

  /** The position of the oldest entry, if it is at or below `floor`. */
  const findOldest = async (floor: number): Promise<number | undefined> => {
    count.rulesReads += RULES_READS.listChanges;
    const { docs } = await getDocs(
      query(changes, where('seq', '<=', floor), orderBy('seq'), limit(1)),
    );
    count.reads += 1;
    const [oldest] = docs;
    if (!oldest) return undefined;
    const seq = Number(oldest.id);
    if (!(seq >= 1 && seq <= floor)) throw new RangeError('The log holds what is no entry');
    return seq;
  };

  return {
    // The same once more changes nothing, which the rules let every owner do.
    raiseFloor: (floor, base, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.raiseFloor;
        return updateDoc(budget, { floor, base });
      };
      return call('Raising the floor of the log', run, signal);
    },
    // The log has no gaps: its oldest entry tells the others, none of which has to be read.
    prune: async (floor, size, signal) => {
      const operation = 'Pruning the log';
      const oldest = await call(operation, () => findOldest(floor), signal);
      if (!oldest.ok) return oldest;
      const first = oldest.value ?? floor + 1;
      const length = Math.min(size, floor - first + 1);
      const refs = Array.from({ length }, (_, at) => doc(changes, String(first + at)));
      for (const part of splitIntoCommits(refs, MAX_PRUNED_PER_COMMIT)) {
        const run = (): Promise<void> => {
          const batch = writeBatch(firestore);
          for (const ref of part) batch.delete(ref);
          count.deletes += part.length;
          count.rulesReads += part.length * RULES_READS.pruneEntry;
          return batch.commit();
        };
        const pruned = await call(operation, run, signal);
        if (!pruned.ok) return pruned;
      }
      return ok(length);
    },
  };
}
