import { SealsyncError } from '../errors.js';
import type { Money } from './money.js';
import type { Transfer } from './shapes.js';

export interface NewTransfer {
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly fromAccountId: string;
  readonly toAccountId: string;
  /** What leaves the one account, as a positive amount. */
  readonly amount: Money;
  /** What reaches the other, where that is in another currency; `amount` by default. */
  readonly received?: Money;
  readonly memo?: string;
}

/** A transaction of a budget that has the collection `transfers`. */
interface TransferTransaction {
  collection(name: 'transfers'): { put(id: string, record: Transfer): void };
}

/**
 * Writes both legs of a transfer as one field of one record, inside `budget.transact`: no device
 * ever shows one without the other, and of two changes at the same time one wins with both legs.
 * Throws `bad_input` unless the amounts are positive.
 */
export function recordTransfer(tx: TransferTransaction, id: string, transfer: NewTransfer): void {
  const { date, fromAccountId, toAccountId, amount, received = amount, memo } = transfer;
  if (!(amount.minor > 0 && received.minor > 0)) {
    throw new SealsyncError('bad_input', 'A transfer moves a positive amount; swap the accounts.');
  }
  const from = { accountId: fromAccountId, amount: { ...amount, minor: -amount.minor } };
  const to = { accountId: toAccountId, amount: received };
  const legs = { from, to };
  tx.collection('transfers').put(id, memo === undefined ? { date, legs } : { date, legs, memo });
}
