import { MAX_CHUNK_DELETES_PER_COMMIT } from '../ports/commit-limits.js';
import { snapshotIdOf } from '../ports/snapshots.js';
import { outcomeOf, requireOk, type Suite, type TestBudget } from './remote-log-fixture.js';
import { idsOf, makeSnapshot, takeSnapshot } from './snapshot-storage-fixture.js';

const TOMBSTONE = new Uint8Array(210).fill(9);

/** What is removed leaves nothing behind, and what the floor rests on stays. */
export function describeRemoval({ onBudget, expect }: Suite): void {
  const store = async (
    { anns, annUid, budgetId }: TestBudget,
    chunks: number,
  ): Promise<{ id: string; chunks: number }> => {
    const lengths = Array.from({ length: chunks }, () => 1);
    const snapshot = makeSnapshot(budgetId, 1, lengths);
    requireOk(await anns.snapshots.put(snapshot));
    return { id: snapshotIdOf(1, annUid, snapshot.nonce), chunks };
  };

  for (const chunks of [1, MAX_CHUNK_DELETES_PER_COMMIT, MAX_CHUNK_DELETES_PER_COMMIT + 1]) {
    onBudget(`removes a snapshot of ${String(chunks)} chunks, once and again`, async (budget) => {
      const { snapshots } = budget.anns;
      const [stored, other] = [await store(budget, chunks), await store(budget, 1)];
      expect(outcomeOf(await snapshots.remove(stored))).toEqual('ok');
      expect(outcomeOf(await snapshots.remove(stored))).toEqual('ok');
      expect(idsOf(await snapshots.list(2))).toEqual([other.id]);
      for (const part of [chunks, 1]) {
        const read = await snapshots.readChunks({ id: stored.id, chunks: part });
        expect(outcomeOf(read)).toEqual('failed');
      }
      expect(outcomeOf(await snapshots.readChunks(other))).toEqual('ok');
    });
  }

  onBudget('is for owners and the author', async (budget) => {
    const { anns, budgetId } = budget;
    const { budget: bobs, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    requireOk(await bobs.log.append([budget.entryAfter(entry, { author: uid })]));
    const owners = await store(budget, 1);
    expect(outcomeOf(await bobs.snapshots.remove(owners))).toEqual('denied');
    for (const { snapshots } of [bobs, anns]) {
      const made = makeSnapshot(budgetId, 3);
      requireOk(await bobs.snapshots.put(made));
      const id = snapshotIdOf(3, uid, made.nonce);
      expect(outcomeOf(await snapshots.remove({ id, chunks: 1 }))).toEqual('ok');
    }
    const eves = await budget.environment.budgetFor('eve', budgetId);
    expect(outcomeOf(await eves.snapshots.remove(owners))).toEqual('denied');
    expect(idsOf(await anns.snapshots.list(5))).toEqual([owners.id]);
  });

  onBudget('is refused for the one that the floor rests on', async (budget) => {
    const { anns } = budget;
    const base = await takeSnapshot(budget, 31);
    const later = await store(budget, 1);
    requireOk(await anns.snapshots.raiseFloor(2, base.id));
    expect(outcomeOf(await anns.snapshots.remove(base))).toEqual('denied');
    expect(outcomeOf(await anns.snapshots.remove(later))).toEqual('ok');
    expect(outcomeOf(await anns.snapshots.readChunks(base))).toEqual('ok');
  });

  onBudget('goes with what else is below a deleted budget, the base as well', async (budget) => {
    const { anns } = budget;
    const base = await takeSnapshot(budget, 31, [1, 1, 1]);
    const stored = await store(budget, 64);
    const many = await store(budget, 40);
    requireOk(await anns.snapshots.raiseFloor(2, base.id));
    requireOk(await anns.exits.markDeleted(TOMBSTONE));
    const counts: number[] = [];
    while (counts.at(-1) !== 0) {
      const purged = await anns.exits.purge();
      if (!purged.ok) throw new Error(purged.error.message);
      counts.push(purged.value);
    }
    expect(counts.every((count) => count <= 100)).toEqual(true);
    expect(counts.reduce((sum, count) => sum + count, 0)).toEqual(6 + 4 + 65 + 41);
    expect(await anns.snapshots.list(2)).toEqual({ ok: true, value: [] });
    for (const { id } of [base, stored, many]) {
      expect(outcomeOf(await anns.snapshots.readChunks({ id, chunks: 1 }))).toEqual('failed');
    }
  });
}
