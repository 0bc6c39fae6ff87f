import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  currency,
  date,
  fields,
  flag,
  integer,
  integerWithin,
  listOf,
  name,
  oneOf,
  optional,
  schemaOf,
  text,
  type Check,
} from './check.js';
import type { Money } from './money.js';
import type {
  Account,
  AccountTransaction,
  Bill,
  Debt,
  Envelope,
  Goal,
  Household,
  Paycheck,
  Schedule,
  Split,
  SplitAmount,
  Transfer,
  TransferLeg,
} from './shapes.js';

/** 1,000 % a year, far beyond what anybody lends at. */
const MAX_RATE_BASIS_POINTS = 100_000;

const money: Check<Money> = fields<Money>({ minor: integer, currency });

const splitAmount: Check<SplitAmount> = fields<SplitAmount>(
  {
    total: money,
    splits: listOf(fields<Split>({ envelopeId: name, minor: integer, memo: optional(text) })),
  },
  ({ total, splits }) => {
    const sum = splits.reduce((partial, { minor }) => partial + BigInt(minor), 0n);
    return splits.length === 0 || sum === BigInt(total.minor)
      ? undefined
      : 'the splits must add up to the total';
  },
);

const leg: Check<TransferLeg> = fields<TransferLeg>({ accountId: name, amount: money });

const legs: Check<Transfer['legs']> = fields<Transfer['legs']>(
  { from: leg, to: leg },
  ({ from, to }) => {
    if (from.accountId === to.accountId) return 'a transfer needs two accounts';
    if (from.amount.minor >= 0 || to.amount.minor <= 0)
      return 'money must leave one and reach the other';
    const isExchange = from.amount.currency !== to.amount.currency;
    return isExchange || from.amount.minor === -to.amount.minor
      ? undefined
      : 'the legs of a transfer must add up to zero';
  },
);

const schedule: Check<Schedule> = fields<Schedule>({
  first: date,
  every: oneOf('once', 'week', 'two_weeks', 'month', 'quarter', 'year'),
});

/**
 * Schemas of {@link Household}, for `createBudget`, `openBudget` and `acceptInvite`. They refuse
 * floats, splits that do not add up, and transfers with one leg; fields that they do not know
 * are kept. An app that needs more adds collections of its own.
 *
 * ```ts
 * import { householdSchemas, parseMoney, recordTransfer } from '@sealsync/sdk/household';
 *
 * const budget = await sync.createBudget({ schemas: householdSchemas });
 * await budget.collection('accounts').put('giro', { name: 'Giro', kind: 'checking', currency: 'EUR' });
 * await budget.collection('transactions').put('t1', {
 *   date: '2026-05-04',
 *   accountId: 'giro',
 *   payee: 'Market',
 *   amount: {
 *     total: parseMoney('-30.00', 'EUR'),
 *     splits: [
 *       { envelopeId: 'food', minor: -2200 },
 *       { envelopeId: 'household', minor: -800 },
 *     ],
 *   },
 * });
 * await budget.collection('envelopes').increment('food', 'assignedMinor', 5000);
 * await budget.transact((tx) => {
 *   recordTransfer(tx, 'x1', {
 *     date: '2026-05-05',
 *     fromAccountId: 'giro',
 *     toAccountId: 'savings',
 *     amount: parseMoney('100.00', 'EUR'),
 *   });
 * });
 * ```
 */
export const householdSchemas: {
  readonly [K in keyof Household]: StandardSchemaV1<Household[K], Household[K]>;
} = {
  accounts: schemaOf(
    fields<Account>({
      name,
      kind: oneOf('checking', 'savings', 'cash', 'credit', 'loan', 'investment', 'other'),
      currency,
      closed: optional(flag),
      note: optional(text),
    }),
  ),
  envelopes: schemaOf(
    fields<Envelope>({
      name,
      currency,
      assignedMinor: integer,
      group: optional(text),
      hidden: optional(flag),
      note: optional(text),
    }),
  ),
  transactions: schemaOf(
    fields<AccountTransaction>({
      date,
      accountId: name,
      payee: text,
      amount: splitAmount,
      memo: optional(text),
      cleared: optional(flag),
    }),
  ),
  transfers: schemaOf(fields<Transfer>({ date, legs, memo: optional(text) })),
  bills: schemaOf(
    fields<Bill>({
      name,
      amount: money,
      due: schedule,
      accountId: optional(name),
      envelopeId: optional(name),
      paidThrough: optional(date),
    }),
  ),
  goals: schemaOf(
    fields<Goal>({ name, target: money, envelopeId: optional(name), by: optional(date) }),
  ),
  debts: schemaOf(
    fields<Debt>({
      name,
      principal: money,
      since: date,
      yearlyRateBasisPoints: integerWithin(0, MAX_RATE_BASIS_POINTS),
      minimumPayment: optional(money),
      due: optional(schedule),
      accountId: optional(name),
    }),
  ),
  paychecks: schemaOf(
    fields<Paycheck>({
      payer: name,
      date,
      accountId: name,
      amount: splitAmount,
      next: optional(schedule),
      memo: optional(text),
    }),
  ),
};
