/** The columns of a bank CSV; the file may hold them in any order. */
export const BANK_COLUMNS = ['date', 'account', 'payee', 'category', 'memo', 'amount'] as const;

export type BankColumn = (typeof BANK_COLUMNS)[number];

/** One line of a bank's export, money leaving as a negative amount. */
export interface BankRow {
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly account: string;
  /** May be empty. */
  readonly payee: string;
  readonly category: string;
  /** May be empty. */
  readonly memo: string;
  /** The amount as the file has it. */
  readonly amountText: string;
  /** The same in integer minor units. */
  readonly amountMinor: number;
}

/** Why a file was refused as a whole, and the physical line (from 1) at which that shows. */
export interface CsvRefusal {
  readonly line: number;
  readonly reason: string;
}

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: CsvRefusal };

export const accept = <T>(value: T): Checked<T> => ({ ok: true, value });
export const refuse = (line: number, reason: string): Checked<never> => ({
  ok: false,
  refusal: { line, reason },
});
