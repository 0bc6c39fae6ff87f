import type { BudgetId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import type { RemoteError, RemoteLog, StoredEntry } from '../ports/remote-log.js';
import type { StoredSnapshot } from '../ports/snapshots.js';
import type { Result } from '../result.js';
import { fail, MemoryAccess, type MemoryHost, type StoredPins } from './memory-access.js';
import { MemoryBudgetList } from './memory-budget-list.js';
import { MemoryExits } from './memory-exits.js';
import { MemoryInvites } from './memory-invites.js';
import { MemoryKeys } from './memory-keys.js';
import type {
  Disruption,
  Interceptor,
  RemoteCall,
  SnapshotTampering,
  Tampering,
} from './memory-log-faults.js';
import { MemoryLog } from './memory-log.js';
import { MemorySnapshots } from './memory-snapshots.js';
import type { Caller, StoredBudget } from './memory-stored-budget.js';

const DEFAULT_DEADLINE_MS = 30_000;

export interface MemoryBackendOptions {
  /** The server's clock, which is also what calls wait on. */
  readonly clock: Clock;
  /** One way there and back, in ms; 0 unless told. Asked anew for every call. */
  readonly latencyMs?: (call: RemoteCall) => number;
  readonly deadlineMs?: number;
}

/** What stands in for Firestore and its rules, for any number of budgets and people. */
export interface MemoryBackend {
  /** A budget as `uid` may use it; `count` adds up these operations alone. */
  budgetFor(uid: string, budgetId: BudgetId, count?: OperationCounter): RemoteBudget;
  /** The log alone of what {@link budgetFor} gives. */
  logFor(uid: string, budgetId: BudgetId, count?: OperationCounter): RemoteLog;
  /** The budgets that `uid` notes to be in. */
  listFor(uid: string, count?: OperationCounter): BudgetList;
  /** Whether the sign-in of `uid` counts as recent, as it does unless told otherwise. */
  signedInRecently(uid: string, recently: boolean): void;
  /** What everybody's operations add up to. */
  readonly count: OperationCounter;
  /** Lets `intercept` disrupt calls from now on; returns how to end it. */
  intercept(intercept: Interceptor): () => void;
  /** Shows `uid` something else than the log, page by page; returns how to end it. */
  tamper(uid: string, budgetId: BudgetId, tampering: Tampering): () => void;
  /** Shows `uid` other snapshots than are stored, list by list; returns how to end it. */
  tamperSnapshots(uid: string, budgetId: BudgetId, tampering: SnapshotTampering): () => void;
  /** What is stored of a budget and below it, past the rules. */
  inspect(budgetId: BudgetId): StoredBudget | undefined;
  /** Replaces what is stored, past the rules, as whoever runs the project could. */
  overwrite(budgetId: BudgetId, change: Partial<StoredBudget>): void;
  /** The notes of `uid`, past the rules. */
  inspectPins(uid: string): StoredPins;
  overwritePins(uid: string, pins: StoredPins): void;
}

export function createMemoryBackend(options: MemoryBackendOptions): MemoryBackend {
  return new InMemoryBackend(options);
}

class InMemoryBackend implements MemoryBackend, MemoryHost {
  readonly count: OperationCounter = createOperationCounter();
  readonly #options: MemoryBackendOptions;
  readonly #budgets = new Map<BudgetId, StoredBudget>();
  readonly #pins = new Map<string, StoredPins>();
  readonly #signedInLongAgo = new Set<string>();
  readonly #interceptors = new Set<Interceptor>();
  readonly #tamperings = new Map<string, Tampering>();
  readonly #snapshotTamperings = new Map<string, SnapshotTampering>();

  constructor(options: MemoryBackendOptions) {
    this.#options = options;
  }

  budgetFor(uid: string, budgetId: BudgetId, count?: OperationCounter): RemoteBudget {
    const access = new MemoryAccess(this, uid, budgetId, this.#countersWith(count));
    return {
      log: new MemoryLog(access),
      wraps: new MemoryKeys(access),
      invites: new MemoryInvites(access),
      exits: new MemoryExits(access),
      snapshots: new MemorySnapshots(access),
    };
  }

  logFor(uid: string, budgetId: BudgetId, count?: OperationCounter): RemoteLog {
    return this.budgetFor(uid, budgetId, count).log;
  }

  listFor(uid: string, count?: OperationCounter): BudgetList {
    return new MemoryBudgetList(this, uid, this.#countersWith(count));
  }

  signedInRecently(uid: string, recently: boolean): void {
    if (recently) this.#signedInLongAgo.delete(uid);
    else this.#signedInLongAgo.add(uid);
  }

  intercept(intercept: Interceptor): () => void {
    this.#interceptors.add(intercept);
    return () => this.#interceptors.delete(intercept);
  }

  tamper(uid: string, budgetId: BudgetId, tampering: Tampering): () => void {
    const key = `${budgetId}/${uid}`;
    this.#tamperings.set(key, tampering);
    return () => this.#tamperings.delete(key);
  }

  tamperSnapshots(uid: string, budgetId: BudgetId, tampering: SnapshotTampering): () => void {
    const key = `${budgetId}/${uid}`;
    this.#snapshotTamperings.set(key, tampering);
    return () => this.#snapshotTamperings.delete(key);
  }

  inspect(budgetId: BudgetId): StoredBudget | undefined {
    return this.#budgets.get(budgetId);
  }

  overwrite(budgetId: BudgetId, change: Partial<StoredBudget>): void {
    const before = this.#budgets.get(budgetId);
    if (!before) throw new RangeError('The backend holds no budget of that id');
    this.#budgets.set(budgetId, { ...before, ...change });
  }

  store(budgetId: BudgetId, budget: StoredBudget): void {
    this.#budgets.set(budgetId, budget);
  }

  inspectPins(uid: string): StoredPins {
    return this.#pins.get(uid) ?? new Map<BudgetId, Uint8Array>();
  }

  overwritePins(uid: string, pins: StoredPins): void {
    this.#pins.set(uid, pins);
  }

  callerOf(uid: string): Caller {
    const signedInRecently = !this.#signedInLongAgo.has(uid);
    return { uid, signedInRecently, nowMs: this.#options.clock.now() };
  }

  show(uid: string, budgetId: BudgetId, page: readonly StoredEntry[]): readonly StoredEntry[] {
    return this.#tamperings.get(`${budgetId}/${uid}`)?.(page) ?? page;
  }

  showSnapshots(
    uid: string,
    budgetId: BudgetId,
    listed: readonly StoredSnapshot[],
  ): readonly StoredSnapshot[] {
    return this.#snapshotTamperings.get(`${budgetId}/${uid}`)?.(listed) ?? listed;
  }

  /** Runs `apply` once the call has travelled, unless it is disrupted. */
  call<T>(
    call: RemoteCall,
    apply: () => Result<T, RemoteError>,
    signal?: AbortSignal,
  ): Promise<Result<T, RemoteError>> {
    if (signal?.aborted) return Promise.resolve(fail(call.operation, 'deadline'));
    const { clock, deadlineMs = DEFAULT_DEADLINE_MS } = this.#options;
    return new Promise((resolve) => {
      const finish = (result: Result<T, RemoteError>): void => {
        clock.clearTimeout(deadline);
        signal?.removeEventListener('abort', giveUp);
        resolve(result);
      };
      const giveUp = (): void => finish(fail(call.operation, 'deadline'));
      const deadline = clock.setTimeout(giveUp, deadlineMs);
      signal?.addEventListener('abort', giveUp);
      void this.#travel(call, apply).then((result) => {
        if (result) finish(result);
      });
    });
  }

  /** The answer; `undefined` where none ever comes. */
  async #travel<T>(
    call: RemoteCall,
    apply: () => Result<T, RemoteError>,
  ): Promise<Result<T, RemoteError> | undefined> {
    const latencyMs = this.#options.latencyMs?.(call) ?? 0;
    const disruption = this.#disruptionOf(call);
    await this.#wait(latencyMs / 2 + (disruption.delayMs ?? 0));
    if (disruption.hang === 'before') return undefined;
    if (disruption.failBefore) return fail(call.operation, disruption.failBefore);
    const result = apply();
    if (disruption.hang === 'after') return undefined;
    await this.#wait(latencyMs / 2);
    return disruption.loseAnswer ? fail(call.operation, disruption.loseAnswer) : result;
  }

  #countersWith(count: OperationCounter | undefined): readonly OperationCounter[] {
    return count ? [this.count, count] : [this.count];
  }

  #disruptionOf(call: RemoteCall): Disruption {
    for (const intercept of this.#interceptors) {
      const disruption = intercept(call);
      if (disruption) return disruption;
    }
    return {};
  }

  #wait(delayMs: number): Promise<void> {
    if (delayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#options.clock.setTimeout(resolve, delayMs));
  }
}
