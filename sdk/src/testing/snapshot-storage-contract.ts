import { createOperationCounter } from '../ports/operation-counter.js';
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNKS,
  MAX_LISTED_SNAPSHOTS,
  snapshotIdOf,
  type NewSnapshot,
} from '../ports/snapshots.js';
import type { TestFunctions } from './local-store-contract.js';
import {
  createSuite,
  newBudgetId,
  outcomeOf,
  requireOk,
  type MakeEnvironment,
  type Suite,
} from './remote-log-fixture.js';
import { idsOf, makeHeader, makeSnapshot } from './snapshot-storage-fixture.js';
import { describePruning } from './snapshot-storage-pruning.js';
import { describeRemoval } from './snapshot-storage-removal.js';

/** What any `SnapshotStorage` must do, like `describeRemoteLog`. */
export function describeSnapshotStorage(
  functions: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  const suite = createSuite(functions, make);
  suite.describe(`SnapshotStorage: ${name}`, () => {
    describeStoring(suite);
    describeRefusals(suite);
    describeCounting(suite);
    describeRemoval(suite);
    describePruning(suite);
  });
}

function describeStoring({ onBudget, expect }: Suite): void {
  onBudget('has none at first', async ({ anns }) => {
    expect(await anns.snapshots.list(MAX_LISTED_SNAPSHOTS)).toEqual({ ok: true, value: [] });
  });

  onBudget('gives back a snapshot as it was stored, to every member', async (budget) => {
    const { anns, annUid, budgetId, environment } = budget;
    const { budget: vics } = await budget.admit('vic', 'viewer', budget.genesis);
    const snapshot = makeSnapshot(budgetId, 1, [3, 2, 1]);
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    expect(await anns.snapshots.put(snapshot)).toEqual({ ok: true, value: id });
    const listed = await vics.snapshots.list(2);
    const [stored] = listed.ok ? listed.value : [];
    const { at, ...rest } = { ...stored, at: stored?.at ?? 0 };
    expect(rest).toEqual({ id, seq: 1, author: annUid, chunks: 3, header: snapshot.header });
    expect(Math.abs(at - environment.nowMs()) < 60_000).toEqual(true);
    const chunks = await vics.snapshots.readChunks({ id, chunks: 3 });
    expect(chunks).toEqual({ ok: true, value: snapshot.chunks });
  });

  onBudget('lists the newest first, and no more than asked for', async (budget) => {
    const { anns, annUid, budgetId } = budget;
    const { entry } = await budget.admit('bob', 'editor', budget.genesis);
    requireOk(await anns.log.append([budget.entryAfter(entry)]));
    const ids: string[] = [];
    for (const seq of [2, 3, 1]) {
      const snapshot = makeSnapshot(budgetId, seq);
      requireOk(await anns.snapshots.put(snapshot));
      ids[3 - seq] = snapshotIdOf(seq, annUid, snapshot.nonce);
    }
    expect(idsOf(await anns.snapshots.list(2))).toEqual(ids.slice(0, 2));
    expect(idsOf(await anns.snapshots.list(MAX_LISTED_SNAPSHOTS))).toEqual(ids);
    expect(idsOf(await anns.snapshots.list(MAX_LISTED_SNAPSHOTS + 1))).toEqual('denied');
    expect(idsOf(await anns.snapshots.list(0))).toEqual('failed');
  });

  onBudget('holds chunks as large and headers as long as there may be', async (budget) => {
    const { anns, annUid, budgetId } = budget;
    const large = makeSnapshot(budgetId, 1, [MAX_CHUNK_BYTES, MAX_CHUNK_BYTES]);
    const snapshot = { ...large, header: makeHeader(budgetId, 8192) };
    requireOk(await anns.snapshots.put(snapshot));
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    const read = await anns.snapshots.readChunks({ id, chunks: 2 });
    const same = read.ok && read.value.every((chunk, at) => chunk.every((byte) => byte === at + 1));
    expect([same, read.ok && read.value.map(({ length }) => length)]).toEqual([
      true,
      [MAX_CHUNK_BYTES, MAX_CHUNK_BYTES],
    ]);
  });

  onBudget('keeps as many chunks as there may be in their order', async (budget) => {
    const { anns, annUid, budgetId } = budget;
    const lengths = Array.from({ length: MAX_CHUNKS }, (_, at) => at + 1);
    const snapshot = makeSnapshot(budgetId, 1, lengths);
    requireOk(await anns.snapshots.put(snapshot));
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    const read = await anns.snapshots.readChunks({ id, chunks: MAX_CHUNKS });
    expect(read).toEqual({ ok: true, value: snapshot.chunks });
  });

  onBudget('tells how far it is, document by document', async ({ anns, budgetId }) => {
    const steps: (readonly number[])[] = [];
    await anns.snapshots.put(makeSnapshot(budgetId, 1, [1, 1]), (...step) => steps.push(step));
    expect(steps).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  onBudget('may be told to store the same again, and keeps what it has', async (budget) => {
    const { anns, annUid, budgetId } = budget;
    const snapshot = makeSnapshot(budgetId, 1);
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    requireOk(await anns.snapshots.put(snapshot));
    expect(await anns.snapshots.put(snapshot)).toEqual({ ok: true, value: id });
    const header = makeHeader(budgetId);
    header[480] = 9;
    expect(outcomeOf(await anns.snapshots.put({ ...snapshot, header }))).toEqual('denied');
    const listed = await anns.snapshots.list(2);
    expect(listed.ok && listed.value.map((each) => each.header)).toEqual([snapshot.header]);
  });

  onBudget('keeps the bytes of the call, whatever its caller does to them', async (budget) => {
    const { anns, annUid, budgetId } = budget;
    const snapshot = makeSnapshot(budgetId, 1);
    const putting = anns.snapshots.put(snapshot);
    snapshot.header.fill(0);
    snapshot.chunks[0]?.fill(0);
    requireOk(await putting);
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    const [listed, read] = [
      await anns.snapshots.list(1),
      await anns.snapshots.readChunks({ id, chunks: 1 }),
    ];
    expect(listed.ok && listed.value[0]?.header).toEqual(makeHeader(budgetId));
    expect(read).toEqual({ ok: true, value: [new Uint8Array(3).fill(1)] });
    if (listed.ok) listed.value[0]?.header.fill(0);
    if (read.ok) read.value[0]?.fill(0);
    const again = await anns.snapshots.list(1);
    expect(again.ok && again.value[0]?.header).toEqual(makeHeader(budgetId));
    expect(await anns.snapshots.readChunks({ id, chunks: 1 })).toEqual({
      ok: true,
      value: [new Uint8Array(3).fill(1)],
    });
  });

  onBudget('never shortens a snapshot: a chunk that is missing is a failure', async (budget) => {
    const { anns, annUid, budgetId, environment } = budget;
    const snapshot = makeSnapshot(budgetId, 1, [1, 1, 1, 1, 1, 1]);
    requireOk(await anns.snapshots.put(snapshot));
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    for (const chunks of [0, 7, MAX_CHUNKS + 1]) {
      expect(outcomeOf(await anns.snapshots.readChunks({ id, chunks }))).toEqual('failed');
    }
    await environment.loseChunk(budgetId, id, 5);
    expect(outcomeOf(await anns.snapshots.readChunks({ id, chunks: 6 }))).toEqual('failed');
    const gone = snapshotIdOf(2, annUid, snapshot.nonce);
    expect(outcomeOf(await anns.snapshots.readChunks({ id: gone, chunks: 1 }))).toEqual('failed');
  });
}

function describeRefusals({ onBudget, expect }: Suite): void {
  onBudget('lets an editor store one at an entry of their own', async (budget) => {
    const { budget: bobs, entry, uid } = await budget.admit('bob', 'editor', budget.genesis);
    const own = budget.entryAfter(entry, { author: uid });
    requireOk(await bobs.log.append([own]));
    expect(outcomeOf(await bobs.snapshots.put(makeSnapshot(budget.budgetId, 3)))).toEqual('ok');
    const others = makeSnapshot(budget.budgetId, 2);
    expect(outcomeOf(await bobs.snapshots.put(others))).toEqual('denied');
  });

  onBudget('lets a viewer store none, and an outsider not even look', async (budget) => {
    const { anns, annUid, budgetId, environment } = budget;
    const { budget: vics } = await budget.admit('vic', 'viewer', budget.genesis);
    const snapshot = makeSnapshot(budgetId, 1);
    requireOk(await anns.snapshots.put(snapshot));
    const eves = await environment.budgetFor('eve', budgetId);
    for (const { snapshots } of [vics, eves]) {
      expect(outcomeOf(await snapshots.put(makeSnapshot(budgetId, 1)))).toEqual('denied');
    }
    const id = snapshotIdOf(1, annUid, snapshot.nonce);
    expect(outcomeOf(await eves.snapshots.list(1))).toEqual('denied');
    expect(outcomeOf(await eves.snapshots.readChunks({ id, chunks: 1 }))).toEqual('denied');
  });

  onBudget('stores none for a deleted budget, and shows it to owners only', async (budget) => {
    const { anns, budgetId, environment } = budget;
    const { budget: bobs } = await budget.admit('bob', 'editor', budget.genesis);
    requireOk(await anns.snapshots.put(makeSnapshot(budgetId, 1)));
    await environment.overwrite(budgetId, { deleted: true });
    expect(outcomeOf(await anns.snapshots.put(makeSnapshot(budgetId, 1)))).toEqual('denied');
    expect(outcomeOf(await bobs.snapshots.list(1))).toEqual('denied');
    expect(outcomeOf(await anns.snapshots.list(1))).toEqual('ok');
  });

  onBudget('shows nothing of a snapshot whose header is refused', async (budget) => {
    const { anns, budgetId } = budget;
    const made = makeSnapshot(budgetId, 1);
    const edits = makeHeader(budgetId);
    edits[6] = 1;
    const refused: readonly (readonly [string, NewSnapshot])[] = [
      ['a position that the log does not have', { ...made, seq: 2 }],
      ['no nonce', { ...made, nonce: '' }],
      ['another nonce', { ...made, nonce: 'AB'.repeat(8) }],
      ['another budget', { ...made, header: makeHeader(newBudgetId()) }],
      ['another kind of frame', { ...made, header: edits }],
      ['too short a header', { ...made, header: makeHeader(budgetId).subarray(0, 484) }],
      ['too long a header', { ...made, header: makeHeader(budgetId, 8193) }],
    ];
    for (const [what, snapshot] of refused) {
      const nonce =
        snapshot.nonce === made.nonce ? makeSnapshot(budgetId, 1).nonce : snapshot.nonce;
      const put = await anns.snapshots.put({ ...snapshot, nonce });
      expect([what, outcomeOf(put)]).toEqual([what, 'denied']);
    }
    expect(await anns.snapshots.list(MAX_LISTED_SNAPSHOTS)).toEqual({ ok: true, value: [] });
  });

  onBudget('sends nothing of what no snapshot can hold', async ({ environment, budgetId }) => {
    const count = createOperationCounter();
    const { snapshots } = await environment.budgetFor('ann', budgetId, count);
    const lengths = [
      [],
      [0],
      [MAX_CHUNK_BYTES + 1],
      Array.from({ length: MAX_CHUNKS + 1 }, () => 1),
    ];
    for (const each of lengths) {
      const put = await snapshots.put(makeSnapshot(budgetId, 1, each));
      expect(outcomeOf(put)).toEqual('failed');
    }
    expect(count).toEqual(createOperationCounter());
  });

  onBudget('neither sends nor waits once its caller has given up', async (budget) => {
    const { snapshots } = budget.anns;
    const aborted = AbortSignal.abort();
    const stored = { id: 'x', chunks: 1 };
    const outcomes = [
      await snapshots.list(1, aborted),
      await snapshots.readChunks(stored, aborted),
      await snapshots.put(makeSnapshot(budget.budgetId, 1), undefined, aborted),
      await snapshots.remove(stored, aborted),
      await snapshots.raiseFloor(1, 'x', aborted),
      await snapshots.prune(1, 1, aborted),
    ].map(outcomeOf);
    expect(outcomes).toEqual(outcomes.map(() => 'deadline'));
    expect(await snapshots.list(1)).toEqual({ ok: true, value: [] });
  });
}

function describeCounting({ onBudget, expect }: Suite): void {
  onBudget('counts every document, and what the rules look at', async (budget) => {
    const { environment, budgetId, annUid } = budget;
    const count = createOperationCounter();
    const { snapshots } = await environment.budgetFor('ann', budgetId, count);
    requireOk(await snapshots.list(2));
    expect(count).toEqual({ reads: 1, writes: 0, deletes: 0, rulesReads: 1 });
    const snapshot = makeSnapshot(budgetId, 1, [1, 1, 1, 1, 1]);
    requireOk(await snapshots.put(snapshot));
    expect(count).toEqual({ reads: 1, writes: 6, deletes: 0, rulesReads: 14 });
    requireOk(await snapshots.put(snapshot));
    expect(count).toEqual({ reads: 2, writes: 7, deletes: 0, rulesReads: 17 });
    requireOk(await snapshots.list(2));
    expect(count).toEqual({ reads: 3, writes: 7, deletes: 0, rulesReads: 18 });
    const stored = { id: snapshotIdOf(1, annUid, snapshot.nonce), chunks: 5 };
    requireOk(await snapshots.readChunks(stored));
    expect(count).toEqual({ reads: 8, writes: 7, deletes: 0, rulesReads: 20 });
    requireOk(await snapshots.remove(stored));
    expect(count).toEqual({ reads: 8, writes: 7, deletes: 6, rulesReads: 31 });
  });
}
