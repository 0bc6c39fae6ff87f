/** Where money lies. */
export interface Account {
  readonly name: string;
  readonly currency: 'USD';
}

/** What money is for: one per category of the bank file, `Transfer` included. */
export interface Envelope {
  readonly name: string;
  /** What was put aside beyond the transactions, changed by increments only. */
  readonly assignedMinor: number;
}

export interface BankTransaction {
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly accountId: string;
  readonly payee: string;
  readonly envelopeId: string;
  readonly memo: string;
  /** Integer minor units of the account's currency, negative when money leaves. */
  readonly amountMinor: number;
}

/** The demo's collections. */
export interface Household {
  readonly accounts: Account;
  readonly envelopes: Envelope;
  readonly transactions: BankTransaction;
}

/** The record of the bank file's row `row`, counted from 0. */
export const transactionId = (row: number): string => `tx-${String(row).padStart(6, '0')}`;
