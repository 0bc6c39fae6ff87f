import { hashFrame } from '../crypto/frame.js';
import {
  MAX_ENTRIES_PER_COMMIT,
  MAX_FRAME_BYTES,
  MAX_PAGE_ENTRIES,
  type BudgetDocument,
  type LogEntry,
} from '../ports/remote-log.js';
import { chain, makeFrame, outcomeOf, positionsOf, type Suite } from './remote-log-fixture.js';

const CLOCK_TOLERANCE_MS = 60_000;

const documentOf = (members: BudgetDocument['members']): BudgetDocument => ({
  members,
  epoch: 1,
  floor: 0,
  rekey: false,
  deleted: false,
  base: '',
  tombstone: new Uint8Array(),
});

/** What is appended is read by everybody, whole and in order. */
export function describeRoundTrips({ onBudget, expect }: Suite): void {
  onBudget('gives back an entry as it was appended, with the server’s time', async (budget) => {
    const { ann, genesis, environment } = budget;
    const read = await ann.read({ after: 0, limit: 10 });
    const [stored] = read.ok ? read.value : [];
    const { at, ...entry } = { ...stored, at: stored?.at ?? 0 };
    expect(entry).toEqual({ ...genesis });
    expect(Math.abs(at - environment.nowMs()) < CLOCK_TOLERANCE_MS).toEqual(true);
  });

  onBudget('shows a new budget with its creator as its only owner', async ({ ann, annUid }) => {
    const document = documentOf({ [annUid]: 'owner' });
    expect(await ann.readBudget()).toEqual({ ok: true, value: document });
  });

  onBudget('pages through a log in the order of its numbers', async (budget) => {
    const { ann, genesis } = budget;
    const entries = chain(budget, genesis, 12);
    for (let at = 0; at < entries.length; at += MAX_ENTRIES_PER_COMMIT) {
      const commit = entries.slice(at, at + MAX_ENTRIES_PER_COMMIT);
      expect(outcomeOf(await ann.append(commit))).toEqual('ok');
    }
    const page = async (after: number): Promise<unknown> =>
      positionsOf(await ann.read({ after, limit: 5 }));
    expect(await page(0)).toEqual([1, 2, 3, 4, 5]);
    expect(await page(5)).toEqual([6, 7, 8, 9, 10]);
    expect(await page(10)).toEqual([11, 12, 13]);
    expect(positionsOf(await ann.read({ after: 8, limit: MAX_PAGE_ENTRIES }))).toEqual([
      9, 10, 11, 12, 13,
    ]);
  });

  onBudget('finds the head, however long the log is', async (budget) => {
    const { ann, genesis } = budget;
    const seqOfHead = async (): Promise<unknown> => {
      const head = await ann.readHead();
      return head.ok && [head.value.seq, head.value.frame.length];
    };
    expect(await seqOfHead()).toEqual([1, genesis.frame.length]);
    const entries = chain(budget, genesis, 10);
    for (const entry of entries) await ann.append([entry]);
    expect(await seqOfHead()).toEqual([11, genesis.frame.length]);
  });

  onBudget('answers with nothing behind the head, and calls that no failure', async ({ ann }) => {
    expect(await ann.read({ after: 1, limit: 1 })).toEqual({ ok: true, value: [] });
    expect(await ann.read({ after: 1000, limit: 1 })).toEqual({ ok: true, value: [] });
  });

  onBudget('takes the largest commit that production does', async (budget) => {
    const entries: LogEntry[] = [];
    for (let index = 0; index < MAX_ENTRIES_PER_COMMIT; index++) {
      const previous = entries.at(-1) ?? budget.genesis;
      const frame = makeFrame({
        budgetId: budget.budgetId,
        prev: hashFrame(previous.frame),
        length: MAX_FRAME_BYTES,
        fill: index + 1,
      });
      entries.push(budget.entryAfter(previous, { frame }));
    }
    expect(outcomeOf(await budget.ann.append(entries))).toEqual('ok');
    const read = await budget.ann.read({ after: MAX_ENTRIES_PER_COMMIT, limit: 10 });
    expect(read.ok && read.value[0]?.frame).toEqual(entries.at(-1)?.frame);
  });

  onBudget(
    'keeps the bytes of the call, whatever its caller does to them later',
    async (budget) => {
      const genuine = budget.entryAfter(budget.genesis).frame;
      const backing = new Uint8Array(genuine.length + 100).fill(7);
      backing.set(genuine, 50);
      const frame = backing.subarray(50, 50 + genuine.length);
      const entry = budget.entryAfter(budget.genesis, { frame });
      const appending = budget.ann.append([entry]);
      backing.fill(0);
      await appending;
      const read = await budget.ann.read({ after: 1, limit: 1 });
      expect(read.ok && read.value[0]?.frame).toEqual(genuine);
    },
  );

  onBudget('changes the members along with an entry', async (budget) => {
    const { ann, annUid } = budget;
    const { uid, log } = await budget.admit('bob', 'editor', budget.genesis);
    const document = documentOf({ [annUid]: 'owner', [uid]: 'editor' });
    expect(await ann.readBudget()).toEqual({ ok: true, value: document });
    expect(await log.readBudget()).toEqual({ ok: true, value: document });
    expect(positionsOf(await log.read({ after: 0, limit: 5 }))).toEqual([1, 2]);
  });

  onBudget('lets an editor continue what an owner wrote', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    const next = budget.entryAfter(entry, { author: uid });
    expect(outcomeOf(await log.append([next]))).toEqual('ok');
    expect(outcomeOf(await budget.ann.append([budget.entryAfter(next)]))).toEqual('ok');
  });

  onBudget('tells the server’s time', async ({ ann, environment }) => {
    const time = await ann.serverTime();
    const differenceMs = Math.abs((time.ok ? time.value : 0) - environment.nowMs());
    expect(differenceMs < CLOCK_TOLERANCE_MS).toEqual(true);
  });
}
