import {
  SealsyncError,
  type Budget,
  type BudgetPeople,
  type Conflict,
  type MembershipEnd,
} from '@sealsync/sdk';
import { applyEdit } from '../edits/apply-edit.js';
import type { BankRow } from '../csv/bank-row.js';
import { importPart, planImport } from '../household/plan-import.js';
import { transactionId, type Household } from '../household/shapes.js';
import { sumEnvelopes } from '../household/sum-envelopes.js';
import type { PlannedEdit } from '../edits/planned-edit.js';
import type { BudgetView } from './messages.js';

/** One person's open budget: what the demo does with it and reads from it. */
export class OpenHousehold {
  readonly #budget: Budget<Household>;
  readonly #signalingUrl: string;
  readonly #conflicts: Conflict[] = [];
  readonly #securityEvents: string[] = [];
  readonly #removed: Promise<MembershipEnd>;
  #seen: Promise<number> | undefined;

  constructor(budget: Budget<Household>, signalingUrl: string) {
    this.#budget = budget;
    this.#signalingUrl = signalingUrl;
    budget.on('conflict', (conflict) => this.#conflicts.push(conflict));
    budget.on('security', ({ kind }) => this.#securityEvents.push(kind));
    this.#removed = new Promise((resolve) => {
      budget.on('removed', resolve);
    });
  }

  get id(): string {
    return this.#budget.id;
  }

  get people(): BudgetPeople {
    return this.#budget.people;
  }

  /** Resolves once these are the members, and no others. */
  whenMembers(uids: readonly string[]): Promise<void> {
    const wanted = [...uids].sort().join();
    const isSo = (): boolean => [...this.people.members().keys()].sort().join() === wanted;
    return new Promise((resolve) => {
      if (isSo()) {
        resolve();
        return;
      }
      const unsubscribe = this.#budget.on('people', () => {
        if (!isSo()) return;
        unsubscribe();
        resolve();
      });
    });
  }

  whenRemoved(): Promise<MembershipEnd> {
    return this.#removed;
  }

  /** Resolves once the log holds every record. */
  async importRows(
    rows: readonly BankRow[],
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    const parts = planImport(rows);
    const total = parts.flat().length;
    let done = 0;
    for (const part of parts) {
      await importPart(this.#budget, part);
      done += part.length;
      onProgress(done, total);
    }
    await this.#settled(() => true);
  }

  async reach(seq: number): Promise<BudgetView> {
    await this.#settled(() => this.#budget.verifiedState().seq >= seq);
    return this.look();
  }

  /** What this device holds. */
  async look(): Promise<BudgetView> {
    const budget = this.#budget;
    const accounts = budget.collection('accounts').list();
    const envelopes = budget.collection('envelopes').list();
    const transactions = budget.collection('transactions').list();
    const rejected = await budget.rejectedEdits();
    return {
      ...budget.verifiedState(),
      pendingEdits: budget.pendingEdits,
      rejectedEdits: rejected.length,
      records: accounts.length + envelopes.length + transactions.length,
      sums: sumEnvelopes({ envelopes, transactions }).map(([name, sum]) => [name, sum]),
      conflicts: this.#conflicts.map(({ winner, loser, ...position }) => {
        return { ...position, winner: { ...winner }, loser: { ...loser } };
      }),
      securityEvents: [...this.#securityEvents],
    };
  }

  /** Cuts this device off first, so that nobody else's change can be part of what it had seen. */
  async editOffline(edit: PlannedEdit): Promise<void> {
    await this.#budget.sync.stop();
    await applyEdit(this.#budget, edit);
  }

  async editOnline(edits: readonly PlannedEdit[]): Promise<void> {
    const { sync } = this.#budget;
    sync.start();
    sync.enableRealtimeSync(this.#signalingUrl);
    await Promise.all(edits.map((edit) => applyEdit(this.#budget, edit)));
  }

  /** Returns when the call was made, in ms since the Unix epoch. */
  async editNote(row: number, memo: string): Promise<number> {
    const calledAtMs = readTimeMs();
    await this.#budget.collection('transactions').update(transactionId(row), { memo });
    return calledAtMs;
  }

  readNote(row: number): string {
    return this.#budget.collection('transactions').get(transactionId(row))?.memo ?? '';
  }

  watchNote(row: number, memo: string): void {
    const id = transactionId(row);
    const transactions = this.#budget.collection('transactions');
    this.#seen = new Promise((resolve) => {
      const unsubscribe = transactions.subscribe(({ ids }) => {
        if (!ids.has(id) || transactions.get(id)?.memo !== memo) return;
        unsubscribe();
        resolve(readTimeMs());
      });
    });
  }

  /** When the watched note showed, in ms since the Unix epoch. */
  whenSeen(): Promise<number> {
    return this.#seen ?? Promise.reject(new Error('Nothing is being watched.'));
  }

  /** Waits until nothing is pending and `isThere`; looks again whenever a round of syncing ends. */
  #settled(isThere: () => boolean): Promise<void> {
    const { sync } = this.#budget;
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const { state, error } = sync.getStatus();
        if (state === 'idle' && this.#budget.pendingEdits === 0 && isThere()) resolve();
        else if (state === 'halted') reject(error ?? new SealsyncError('failed', 'Sync halted.'));
        else return false;
        return true;
      };
      if (look()) return;
      const unsubscribe = sync.onStatus(() => {
        if (look()) unsubscribe();
      });
    });
  }
}

/** Comparable between processes of one machine, finer than a millisecond. */
const readTimeMs = (): number => performance.timeOrigin + performance.now();
