import { hashFrame } from '../crypto/frame.js';
import type { BudgetId } from '../model/ids.js';
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
    frame: frameOf(1),
  };
  const entryAfter: TestBudget['entryAfter'] = (previous, change) => ({
    ...genesis,
    seq: previous.seq + 1,
    prev: hashFrame(previous.frame),
    frame: frameOf(previous.seq + 1),
    ...change,
  });
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

const frameOf = (seq: number): Uint8Array => new Uint8Array(300).fill(seq & 255);

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
