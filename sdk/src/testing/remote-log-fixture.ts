import { type FrameHeader, writeHeader } from '../crypto/frame-header.js';
import { hashFrame } from '../crypto/frame.js';
import { isDeviceId, type BudgetId } from '../model/ids.js';
import type { Role } from '../model/roles.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import type {
  LogEntry,
  NewBudget,
  RemoteError,
  RemoteLog,
  StoredEntry,
} from '../ports/remote-log.js';
import type { StoredWrap } from '../ports/wrapped-keys.js';
import type { Result } from '../result.js';
import type { TestFunctions } from './local-store-contract.js';

/** Somewhere to keep budgets, with people signed in. Tests share it and stay apart by budget ids. */
export interface RemoteEnvironment {
  /** The uid of the person whom the tests call `name`; the same one for the same name. */
  uidOf(name: string): Promise<string> | string;
  budgetFor(
    name: string,
    budgetId: BudgetId,
    count?: OperationCounter,
  ): Promise<RemoteBudget> | RemoteBudget;
  /** The same person's access, in a session that began an hour ago. */
  staleBudgetFor(name: string, budgetId: BudgetId): Promise<RemoteBudget> | RemoteBudget;
  listFor(name: string, count?: OperationCounter): Promise<BudgetList> | BudgetList;
  /** The server's clock, to within a few seconds. */
  nowMs(): number;
  /** Changes the budget's own document past all rules. */
  overwrite(
    budgetId: BudgetId,
    change: { deleted?: boolean; epoch?: number; floor?: number; rekey?: boolean },
  ): Promise<void> | void;
  /** Moves the end of an invite's time into the past, past all rules. */
  expireInvite(budgetId: BudgetId, inviteId: string): Promise<void> | void;
  /** Moves the time at which a snapshot was taken into the past, past all rules. */
  ageSnapshot(budgetId: BudgetId, id: string, ageMs: number): Promise<void> | void;
  /** Takes one chunk of a snapshot away, past all rules. */
  loseChunk(budgetId: BudgetId, id: string, at: number): Promise<void> | void;
}

export type MakeEnvironment = () => Promise<RemoteEnvironment>;

/** What a part of the suite needs: the runner's functions, and a maker of budgets. */
export interface Suite extends TestFunctions {
  /** A test on a budget of its own, which `ann` created. */
  onBudget(name: string, run: (budget: TestBudget) => Promise<void>): void;
}

export interface Admission {
  readonly uid: string;
  readonly entry: LogEntry;
  readonly budget: RemoteBudget;
  /** That of `budget`. */
  readonly log: RemoteLog;
}

/** Completes the runner's functions for suites on budgets from `make`. */
export const createSuite = (functions: TestFunctions, make: MakeEnvironment): Suite => ({
  ...functions,
  onBudget: (name, run) => {
    functions.it(name, async () => run(await createTestBudget(await make())));
  },
});

/** A new budget whose owner is `ann`, with its genesis in place. */
export interface TestBudget {
  readonly environment: RemoteEnvironment;
  readonly budgetId: BudgetId;
  readonly ann: RemoteLog;
  /** All that `ann` has of the budget. */
  readonly anns: RemoteBudget;
  readonly annUid: string;
  readonly genesis: LogEntry;
  /** What went with the genesis. */
  readonly created: NewBudget;
  /** An entry that continues `previous`. */
  entryAfter(previous: LogEntry, change?: Partial<LogEntry>): LogEntry;
  /** Gives `name` a role, along with the next entry. */
  admit(name: string, role: Role, previous: LogEntry): Promise<Admission>;
}

export async function createTestBudget(environment: RemoteEnvironment): Promise<TestBudget> {
  const budgetId = newBudgetId();
  const annUid = await environment.uidOf('ann');
  const anns = await environment.budgetFor('ann', budgetId);
  const genesis = makeGenesis(budgetId, annUid, environment.nowMs());
  const created = makeNewBudget(annUid);
  const entryAfter: TestBudget['entryAfter'] = (previous, change) => {
    const seq = previous.seq + 1;
    const prev = change?.prev ?? hashFrame(previous.frame);
    return {
      ...genesis,
      seq,
      prev,
      frame: makeFrame({ budgetId, prev, fill: seq & 255 }),
      ...change,
    };
  };
  requireOk(await anns.log.create(genesis, created));
  return {
    environment,
    budgetId,
    ann: anns.log,
    anns,
    annUid,
    genesis,
    created,
    entryAfter,
    admit: async (name, role, previous) => {
      const uid = await environment.uidOf(name);
      const entry = entryAfter(previous);
      requireOk(await anns.log.append([entry], { members: { [uid]: role } }));
      const budget = await environment.budgetFor(name, budgetId);
      return { uid, entry, budget, log: budget.log };
    },
  };
}

export const makeGenesis = (budgetId: BudgetId, author: string, nowMs: number): LogEntry => ({
  seq: 1,
  epoch: 1,
  author,
  t: nowMs,
  prev: new Uint8Array(32),
  frame: makeFrame({ budgetId }),
});

/** A wrap and a pin that a backend has to take: nobody sealed them. */
export const makeNewBudget = (recipient: string): NewBudget => ({
  wrap: makeWrap(recipient),
  pin: new Uint8Array(80).fill(3),
});

/** An epoch's key for `recipient`; `fill` tells keys apart. */
export const makeWrap = (recipient: string, fill = 1, epoch = 1): StoredWrap => ({
  epoch,
  kid: new Uint8Array(32).fill(fill),
  recipient,
  wrap: new Uint8Array(120).fill(fill),
});

/** Consecutive entries after `previous`. */
export function chain(budget: TestBudget, previous: LogEntry, length: number): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let index = 0; index < length; index++) {
    entries.push(budget.entryAfter(entries.at(-1) ?? previous));
  }
  return entries;
}

/** What the suite varies in a frame. */
export interface FrameShape extends Partial<Pick<FrameHeader, 'kind' | 'prev'>> {
  readonly budgetId: BudgetId;
  /** At least 485, the least that a backend takes, and the default. */
  readonly length?: number;
  /** The byte behind the header, which no backend looks at. */
  readonly fill?: number;
}

/** Bytes that a backend has to take for a frame: nobody sealed or signed them. */
export function makeFrame(shape: FrameShape): Uint8Array<ArrayBuffer> {
  const { budgetId, kind = 'edits', prev = new Uint8Array(32), length = 485, fill = 1 } = shape;
  const device = '0'.repeat(32);
  if (!isDeviceId(device)) throw new Error('that is a device id');
  const frame = new Uint8Array(length).fill(fill);
  const rest = { seq: 1, epoch: 1, kid: new Uint8Array(32), author: 'a', device, t: 0 };
  // A predecessor of another length is for the backend to refuse, not for the header to hold.
  const held = prev.length === 32 ? prev : new Uint8Array(32);
  writeHeader(frame, { ...rest, kind, budgetId, prev: held }, new Uint8Array([97]));
  return frame;
}

export function newBudgetId(): BudgetId {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('') as BudgetId;
}

/** For what a test takes for granted. */
export function requireOk(result: Result<unknown, RemoteError>): void {
  if (!result.ok) throw new Error(`The suite could not prepare a budget: ${result.error.message}`);
}

export const outcomeOf = (result: Result<unknown, RemoteError>): string =>
  result.ok ? 'ok' : result.error.kind;

/** Positions of a page, or why there is none. */
export const positionsOf = (
  result: Result<readonly StoredEntry[], RemoteError>,
): readonly number[] | string =>
  result.ok ? result.value.map(({ seq }) => seq) : outcomeOf(result);
