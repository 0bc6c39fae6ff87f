import { hashFrame } from '../crypto/frame.js';
import {
  MAX_ENTRIES_PER_COMMIT,
  MAX_FRAME_BYTES,
  MAX_PAGE_ENTRIES,
  type LogEntry,
} from '../ports/remote-log.js';
import {
  chain,
  makeFrame,
  makeNewBudget,
  newBudgetId,
  outcomeOf,
  positionsOf,
  type FrameShape,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';

const WINDOW_MS = 600_000;
const SLACK_MS = 15_000;

/** What would break the log is refused as a whole. */
export function describeDenials(suite: Suite): void {
  describeBrokenChains(suite);
  describeMalformedEntries(suite);
  describePeople(suite);
  describeClosedBudgets(suite);
}

/** A frame for the entry after `previous`, but for what `shape` says. */
const frameAfter = (
  { budgetId }: TestBudget,
  previous: LogEntry,
  shape: Partial<FrameShape> = {},
): Uint8Array<ArrayBuffer> =>
  makeFrame({ budgetId, prev: hashFrame(previous.frame), fill: 2, ...shape });

type Change = (budget: TestBudget) => Partial<LogEntry>;

const framed =
  (shape: Partial<FrameShape>): Change =>
  (budget) => ({ frame: frameAfter(budget, budget.genesis, shape) });

const patched =
  (at: number, byte: number): Change =>
  (budget) => ({ frame: frameAfter(budget, budget.genesis).fill(byte, at, at + 1) });

const headOf = async ({ ann }: TestBudget): Promise<unknown> =>
  positionsOf(await ann.read({ after: 0, limit: MAX_PAGE_ENTRIES }));

function describeBrokenChains({ onBudget, expect }: Suite): void {
  onBudget('denies a gap', async (budget) => {
    const [, third] = chain(budget, budget.genesis, 2);
    expect(outcomeOf(await budget.ann.append(third ? [third] : []))).toEqual('denied');
    expect(await headOf(budget)).toEqual([1]);
  });

  onBudget('denies an entry that does not commit to its predecessor', async (budget) => {
    for (const prev of [new Uint8Array(32), new Uint8Array(32).fill(1), new Uint8Array(31)]) {
      const entry = budget.entryAfter(budget.genesis, { prev });
      expect(outcomeOf(await budget.ann.append([entry]))).toEqual('denied');
    }
    expect(await headOf(budget)).toEqual([1]);
  });

  onBudget('denies overwriting, be it with the same bytes', async (budget) => {
    const { ann, genesis, entryAfter } = budget;
    const entry = entryAfter(genesis);
    expect(outcomeOf(await ann.append([entry]))).toEqual('ok');
    expect(outcomeOf(await ann.append([entry]))).toEqual('denied');
    const other = entryAfter(genesis, { frame: frameAfter(budget, genesis, { fill: 99 }) });
    expect(outcomeOf(await ann.append([other]))).toEqual('denied');
    const read = await ann.read({ after: 1, limit: 1 });
    expect(read.ok && read.value[0]?.frame).toEqual(entry.frame);
  });

  onBudget('lets exactly one of several racing writers win a number', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    const attempts = Array.from({ length: 6 }, (_, index) => {
      const frame = frameAfter(budget, entry, { fill: 100 + index });
      return index % 2 === 0
        ? budget.ann.append([budget.entryAfter(entry, { frame })])
        : log.append([budget.entryAfter(entry, { frame, author: uid })]);
    });
    const outcomes = (await Promise.all(attempts)).map(outcomeOf);
    expect(outcomes.filter((outcome) => outcome === 'ok')).toEqual(['ok']);
    expect(await headOf(budget)).toEqual([1, 2, 3]);
    const read = await budget.ann.read({ after: 2, limit: 1 });
    expect(read.ok && read.value[0]?.frame.at(-1)).toEqual(100 + outcomes.indexOf('ok'));
  });

  onBudget('takes all of a batch or nothing', async (budget) => {
    const [second, third, fourth] = chain(budget, budget.genesis, 3);
    if (!second || !third || !fourth) throw new Error('The chain is too short');
    const broken = [second, third, { ...fourth, prev: new Uint8Array(32) }];
    expect(outcomeOf(await budget.ann.append(broken))).toEqual('denied');
    expect(await headOf(budget)).toEqual([1]);
    expect(outcomeOf(await budget.ann.append([second, third, fourth]))).toEqual('ok');
    expect(await headOf(budget)).toEqual([1, 2, 3, 4]);
  });

  onBudget('denies creating a budget that exists, to anybody', async (budget) => {
    const { environment, budgetId, ann, genesis } = budget;
    expect(outcomeOf(await ann.create(genesis, budget.created))).toEqual('denied');
    const { log: eve } = await environment.budgetFor('eve', budgetId);
    const author = await environment.uidOf('eve');
    expect(outcomeOf(await eve.create({ ...genesis, author }, makeNewBudget(author)))).toEqual(
      'denied',
    );
  });
}

function describeMalformedEntries({ onBudget, expect }: Suite): void {
  const denied: readonly (readonly [string, Change])[] = [
    ['an author who is somebody else', () => ({ author: 'somebody-else' })],
    ['an epoch ahead', () => ({ epoch: 2 })],
    ['an epoch behind', () => ({ epoch: 0 })],
    [
      'a time too far behind',
      ({ environment }) => ({ t: environment.nowMs() - WINDOW_MS - SLACK_MS }),
    ],
    [
      'a time too far ahead',
      ({ environment }) => ({ t: environment.nowMs() + WINDOW_MS + SLACK_MS }),
    ],
    ['a frame too large', framed({ length: MAX_FRAME_BYTES + 1 })],
    ['a frame too short', framed({ length: 484 })],
    ['an empty frame', () => ({ frame: new Uint8Array() })],
    ['a frame without the magic', patched(0, 0x54)],
    ['a frame of another version', patched(4, 2)],
    ['a frame of another suite', patched(5, 2)],
    ['a frame of another kind', patched(6, 3)],
    ['a frame of another budget', framed({ budgetId: newBudgetId() })],
    ['a frame that continues another log', framed({ prev: new Uint8Array(32).fill(1) })],
    ['a number that is none', () => ({ seq: 1.5 })],
  ];
  for (const [what, change] of denied) {
    onBudget(`denies ${what}`, async (budget) => {
      const entry = budget.entryAfter(budget.genesis, change(budget));
      expect(outcomeOf(await budget.ann.append([entry]))).toEqual('denied');
      expect(await headOf(budget)).toEqual([1]);
    });
  }

  onBudget('takes an entry about the members', async (budget) => {
    const frame = frameAfter(budget, budget.genesis, { kind: 'membership' });
    const entry = budget.entryAfter(budget.genesis, { frame });
    expect(outcomeOf(await budget.ann.append([entry]))).toEqual('ok');
  });

  onBudget('takes an entry whose clock is off by less than the window', async (budget) => {
    const nowMs = budget.environment.nowMs();
    const early = budget.entryAfter(budget.genesis, { t: nowMs - WINDOW_MS + SLACK_MS });
    const late = budget.entryAfter(early, { t: nowMs + WINDOW_MS - SLACK_MS });
    expect(outcomeOf(await budget.ann.append([early, late]))).toEqual('ok');
  });

  onBudget('refuses more entries than production lets into a commit', async (budget) => {
    const entries = chain(budget, budget.genesis, MAX_ENTRIES_PER_COMMIT + 1);
    expect(outcomeOf(await budget.ann.append(entries))).toEqual('failed');
    expect(await headOf(budget)).toEqual([1]);
  });

  onBudget('denies pages beyond the limit of the rules', async ({ ann }) => {
    const page = await ann.read({ after: 0, limit: MAX_PAGE_ENTRIES + 1 });
    expect(outcomeOf(page)).toEqual('denied');
  });

  onBudget('neither sends nor waits once its caller has given up', async (budget) => {
    const { ann, genesis, entryAfter } = budget;
    const aborted = AbortSignal.abort();
    expect(outcomeOf(await ann.append([entryAfter(genesis)], undefined, aborted))).toEqual(
      'deadline',
    );
    expect(outcomeOf(await ann.read({ after: 0, limit: 1 }, aborted))).toEqual('deadline');
    expect(outcomeOf(await ann.readHead(aborted))).toEqual('deadline');
    expect(outcomeOf(await ann.readEpochStart(1, aborted))).toEqual('deadline');
    expect(outcomeOf(await ann.readBudget(aborted))).toEqual('deadline');
    expect(outcomeOf(await ann.serverTime(aborted))).toEqual('deadline');
    expect(await headOf(budget)).toEqual([1]);
  });
}

function describePeople({ onBudget, expect }: Suite): void {
  onBudget('lets a viewer read, and denies writing', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'viewer', budget.genesis);
    expect(positionsOf(await log.read({ after: 0, limit: 5 }))).toEqual([1, 2]);
    const forged = budget.entryAfter(entry, { author: uid });
    expect(outcomeOf(await log.append([forged]))).toEqual('denied');
    const promoted = { [budget.annUid]: 'owner', [uid]: 'owner' } as const;
    expect(outcomeOf(await log.append([forged], { members: promoted }))).toEqual('denied');
    expect(outcomeOf(await log.append([], { members: promoted }))).toEqual('denied');
  });

  onBudget('denies everything to an outsider', async (budget) => {
    const { environment, budgetId, genesis } = budget;
    const { log: eve } = await environment.budgetFor('eve', budgetId);
    const author = await environment.uidOf('eve');
    expect(outcomeOf(await eve.read({ after: 0, limit: 1 }))).toEqual('denied');
    expect(outcomeOf(await eve.readBudget())).toEqual('denied');
    expect(outcomeOf(await eve.readHead())).toEqual('denied');
    expect(outcomeOf(await eve.readEpochStart(1))).toEqual('denied');
    const forged = budget.entryAfter(genesis, { author });
    expect(outcomeOf(await eve.append([forged]))).toEqual('denied');
    expect(outcomeOf(await eve.append([forged], { members: { [author]: 'owner' } }))).toEqual(
      'denied',
    );
  });

  onBudget('denies everything to whoever was removed', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    const removal = budget.entryAfter(entry, { epoch: 2 });
    const members = { [uid]: null };
    expect(outcomeOf(await budget.ann.append([removal], { members, epoch: 2 }))).toEqual('ok');
    const late = budget.entryAfter(removal, { author: uid, epoch: 2 });
    expect(outcomeOf(await log.append([late]))).toEqual('denied');
    expect(outcomeOf(await log.readHead())).toEqual('denied');
    expect(outcomeOf(await log.read({ after: 0, limit: 1 }))).toEqual('denied');
    expect(outcomeOf(await log.readBudget())).toEqual('denied');
  });

  onBudget('denies an editor any change of the members', async (budget) => {
    const { log, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    const next = budget.entryAfter(entry, { author: uid });
    expect(outcomeOf(await log.append([next], { members: { [uid]: 'owner' } }))).toEqual('denied');
    expect(await headOf(budget)).toEqual([1, 2]);
  });

  onBudget('denies leaving a budget without its owner', async (budget) => {
    const uid = await budget.environment.uidOf('bob');
    const entry = budget.entryAfter(budget.genesis);
    const nobody = { [budget.annUid]: null };
    for (const members of [{ ...nobody, [uid]: 'owner' } as const, nobody]) {
      expect(outcomeOf(await budget.ann.append([entry], { members }))).toEqual('denied');
      const started = { ...entry, epoch: 2 };
      expect(outcomeOf(await budget.ann.append([started], { members, epoch: 2 }))).toEqual(
        'denied',
      );
    }
  });

  onBudget('denies access to a budget that does not exist', async ({ environment }) => {
    const { log: nowhere } = await environment.budgetFor('ann', newBudgetId());
    expect(outcomeOf(await nowhere.read({ after: 0, limit: 1 }))).toEqual('denied');
    expect(outcomeOf(await nowhere.readBudget())).toEqual('denied');
  });
}

function describeClosedBudgets({ onBudget, expect }: Suite): void {
  onBudget('denies appending to a deleted budget, and still shows it', async (budget) => {
    const { environment, budgetId, ann, annUid, genesis } = budget;
    await environment.overwrite(budgetId, { deleted: true });
    const entry = budget.entryAfter(genesis);
    expect(outcomeOf(await ann.append([entry]))).toEqual('denied');
    expect(outcomeOf(await ann.append([], { members: { [annUid]: 'owner' } }))).toEqual('denied');
    const document = await ann.readBudget();
    expect(document.ok && document.value.deleted).toEqual(true);
  });

  onBudget('closes a deleted budget’s log to all but its owners', async (budget) => {
    const { log } = await budget.admit('bob', 'editor', budget.genesis);
    await budget.environment.overwrite(budget.budgetId, { deleted: true });
    expect(positionsOf(await budget.ann.read({ after: 0, limit: 5 }))).toEqual([1, 2]);
    expect(outcomeOf(await log.read({ after: 0, limit: 5 }))).toEqual('denied');
    expect(outcomeOf(await log.readHead())).toEqual('denied');
  });

  onBudget('follows the epoch of the budget', async (budget) => {
    await budget.environment.overwrite(budget.budgetId, { epoch: 2 });
    const old = budget.entryAfter(budget.genesis);
    expect(outcomeOf(await budget.ann.append([old]))).toEqual('denied');
    expect(outcomeOf(await budget.ann.append([{ ...old, epoch: 2 }]))).toEqual('ok');
  });

  onBudget('denies numbers up to the floor, which may have been pruned', async (budget) => {
    const entry = budget.entryAfter(budget.genesis);
    await budget.environment.overwrite(budget.budgetId, { floor: 2 });
    expect(outcomeOf(await budget.ann.append([entry]))).toEqual('denied');
    await budget.environment.overwrite(budget.budgetId, { floor: 1 });
    expect(outcomeOf(await budget.ann.append([entry]))).toEqual('ok');
  });
}
