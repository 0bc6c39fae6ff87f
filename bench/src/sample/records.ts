import type { Random } from '@sealsync/sdk';

/** A line of a household's bank account; money in minor units. */
export interface Transaction {
  readonly date: string;
  readonly payee: string;
  readonly category: string;
  readonly memo: string;
  readonly amount: number;
  readonly cleared: boolean;
}

/** What every bench keeps: a collection of it in Sealsync, and the same rows elsewhere. */
export interface Shapes {
  transactions: Transaction;
}

const PAYEES = ['Corner Shop', 'Kin Soy', 'City Rail', 'Green Power', 'Book Barn', 'Dr. Adler'];
const CATEGORIES = ['Food', 'Eating out', 'Travel', 'Home', 'Fun', 'Health', 'Gifts'];
const WORDS = ['lunch', 'weekly', 'with', 'Ben', 'train', 'to', 'work', 'June', 'refund', 'new'];
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export function makeTransaction(random: Random): Transaction {
  const pick = (from: readonly string[]): string => from[below(random, from.length)] ?? '';
  const day = new Date(Date.UTC(2020, 0, 1 + below(random, 2_000)));
  const memo = Array.from({ length: below(random, 4) }, () => pick(WORDS)).join(' ');
  return {
    date: day.toISOString().slice(0, 10),
    payee: `${pick(PAYEES)} ${below(random, 40)}`,
    category: pick(CATEGORIES),
    memo,
    amount: -below(random, 20_000),
    cleared: random.fraction() < 0.5,
  };
}

/** Ten characters that look random, as apps name their records. */
export const makeRecordId = (random: Random): string =>
  Array.from({ length: 10 }, () => ID_LETTERS[below(random, ID_LETTERS.length)]).join('');

/** Records with names of their own, the same for the same seed. */
export function makeRecords(count: number, random: Random): [id: string, record: Transaction][] {
  return Array.from({ length: count }, () => [makeRecordId(random), makeTransaction(random)]);
}

const below = (random: Random, limit: number): number => Math.floor(random.fraction() * limit);
