import { type FrameHeader, writeHeader } from '../crypto/frame-header.js';
import { hashFrame } from '../crypto/frame.js';
import { isDeviceId, type BudgetId } from '../model/ids.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { LogEntry, RemoteError, RemoteLog, StoredEntry } from '../ports/remote-log.js';
import type { Result } from '../result.js';
import type { TestFunctions } from './local-store-contract.js';

/** Somewhere to keep budgets, with people signed in. Tests share it and stay apart by budget ids. */
export interface RemoteLogEnvironment {
  /** The uid of the person whom the tests call `name`; the same one for the same name. */
  uidOf(name: string): Promise<string> | string;
  logFor(
    name: string,
    budgetId: BudgetId,
    count?: OperationCounter,
  ): Promise<RemoteLog> | RemoteLog;
  /** The server's clock, to within a few seconds. */
  nowMs(): number;
  /** Changes the budget's own document past all rules. */
  overwrite(
    budgetId: BudgetId,
    change: { deleted?: boolean; epoch?: number; floor?: number },
  ): Promise<void> | void;
}

export type MakeEnvironment = () => Promise<RemoteLogEnvironment>;

/** What a part of the suite needs: the runner's functions, and a maker of budgets. */
export interface Suite extends TestFunctions {
  /** A test on a budget of its own, which `ann` created. */
  onBudget(name: string, run: (budget: TestBudget) => Promise<void>): void;
}

/** A new budget whose owner is `ann`, with its genesis in place. */
export interface TestBudget {
  readonly environment: RemoteLogEnvironment;
  readonly budgetId: BudgetId;
  readonly ann: RemoteLog;
  readonly annUid: string;
  readonly genesis: LogEntry;
  /** An entry that continues `previous`. */
  entryAfter(previous: LogEntry, change?: Partial<LogEntry>): LogEntry;
  /** Gives `name` a role, along with the next entry; returns that entry and the log of `name`. */
  admit(
    name: string,
    role: 'owner' | 'editor' | 'viewer',
    previous: LogEntry,
  ): Promise<{ readonly log: RemoteLog; readonly uid: string; readonly entry: LogEntry }>;
}

export async function createTestBudget(environment: RemoteLogEnvironment): Promise<TestBudget> {
  const budgetId = newBudgetId();
  const annUid = await environment.uidOf('ann');
  const ann = await environment.logFor('ann', budgetId);
  const genesis: LogEntry = {
    seq: 1,
    epoch: 1,
    author: annUid,
    t: environment.nowMs(),
    prev: new Uint8Array(32),
    frame: makeFrame({ budgetId }),
  };
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
  requireOk(await ann.create(genesis));
  return {
    environment,
    budgetId,
    ann,
    annUid,
    genesis,
    entryAfter,
    admit: async (name, role, previous) => {
      const uid = await environment.uidOf(name);
      const entry = entryAfter(previous);
      requireOk(await ann.append([entry], { [annUid]: 'owner', [uid]: role }));
      return { uid, entry, log: await environment.logFor(name, budgetId) };
    },
  };
}

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

function requireOk(result: Result<void, RemoteError>): void {
  if (!result.ok) throw new Error(`The suite could not prepare a budget: ${result.error.message}`);
}

export const outcomeOf = (result: Result<unknown, RemoteError>): string =>
  result.ok ? 'ok' : result.error.kind;

/** Positions of a page, or why there is none. */
export const positionsOf = (
  result: Result<readonly StoredEntry[], RemoteError>,
): readonly number[] | string =>
  result.ok ? result.value.map(({ seq }) => seq) : outcomeOf(result);
