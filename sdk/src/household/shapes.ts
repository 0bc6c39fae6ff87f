import type { Money } from './money.js';

/*
 * Every field is one register: of two changes at the same time the newer wins as a whole. So
 * values that have to agree lie in one field, and what several people add to at the same time
 * is a number of its own, for `increment`. `null` clears an optional field.
 */

/** Where money lies. */
export interface Account {
  readonly name: string;
  readonly kind: 'checking' | 'savings' | 'cash' | 'credit' | 'loan' | 'investment' | 'other';
  /** ISO 4217 code. */
  readonly currency: string;
  readonly closed?: boolean | null;
  readonly note?: string | null;
}

/** What money is put aside for. */
export interface Envelope {
  readonly name: string;
  /** ISO 4217 code. */
  readonly currency: string;
  /** What was put aside, in minor units of `currency`. Change it with `increment`. */
  readonly assignedMinor: number;
  readonly group?: string | null;
  readonly hidden?: boolean | null;
  readonly note?: string | null;
}

/** The part of an amount that one envelope bears. */
export interface Split {
  readonly envelopeId: string;
  /** In minor units of the total's currency. */
  readonly minor: number;
  readonly memo?: string | null;
}

/** An amount and how it is split: one field, since the parts have to add up to the whole. */
export interface SplitAmount {
  /** Negative where money leaves the account. */
  readonly total: Money;
  /** They add up to `total`; empty where no envelope bears it yet. */
  readonly splits: readonly Split[];
}

/** Money that comes into or leaves one account. */
export interface AccountTransaction {
  /** `YYYY-MM-DD`, as all dates here. */
  readonly date: string;
  readonly accountId: string;
  readonly payee: string;
  readonly amount: SplitAmount;
  readonly memo?: string | null;
  readonly cleared?: boolean | null;
}

/** One side of a transfer. */
export interface TransferLeg {
  readonly accountId: string;
  readonly amount: Money;
}

/** Money that moves between two accounts: a record of its own, so that no leg is without the other. */
export interface Transfer {
  readonly date: string;
  /**
   * One field. `from` is negative and `to` positive; in one currency they add up to zero, in
   * two each says what its account says.
   */
  readonly legs: { readonly from: TransferLeg; readonly to: TransferLeg };
  readonly memo?: string | null;
}

/** When something falls due: on `first`, and then again and again. */
export interface Schedule {
  readonly first: string;
  readonly every: 'once' | 'week' | 'two_weeks' | 'month' | 'quarter' | 'year';
}

/** What has to be paid regularly. */
export interface Bill {
  readonly name: string;
  readonly amount: Money;
  readonly due: Schedule;
  readonly accountId?: string | null;
  readonly envelopeId?: string | null;
  /** The last due date that was paid. */
  readonly paidThrough?: string | null;
}

/** What is being saved for. */
export interface Goal {
  readonly name: string;
  readonly target: Money;
  /** Where it is saved. */
  readonly envelopeId?: string | null;
  readonly by?: string | null;
}

/** What is owed. */
export interface Debt {
  readonly name: string;
  /** What was owed at `since`; payments are transactions or transfers of `accountId`. */
  readonly principal: Money;
  readonly since: string;
  /** Yearly interest in hundredths of a percent: 1999 is 19.99 %. */
  readonly yearlyRateBasisPoints: number;
  readonly minimumPayment?: Money | null;
  readonly due?: Schedule | null;
  readonly accountId?: string | null;
}

/** A wage that comes in, and the envelopes that it fills. */
export interface Paycheck {
  readonly payer: string;
  readonly date: string;
  readonly accountId: string;
  readonly amount: SplitAmount;
  readonly next?: Schedule | null;
  readonly memo?: string | null;
}

/** The collections of a household budget. */
export interface Household {
  readonly accounts: Account;
  readonly envelopes: Envelope;
  readonly transactions: AccountTransaction;
  readonly transfers: Transfer;
  readonly bills: Bill;
  readonly goals: Goal;
  readonly debts: Debt;
  readonly paychecks: Paycheck;
}
