import { BANK_COLUMNS } from '../csv/bank-row.js';
import { createSeededRandom } from '@sealsync/sdk/testing';

interface Habit {
  readonly category: string;
  readonly account: string;
  readonly payees: readonly string[];
  readonly memos: readonly string[];
  /** How often in a month. */
  readonly timesAMonth: number;
  /** Between these amounts in cents; negative when money leaves. */
  readonly fromMinor: number;
  readonly toMinor: number;
}

const checking = 'Everyday Checking';
const card = 'Blue Card';
const savings = 'Rainy Day Savings';
const cash = 'Cash';

/** `[category, account, payees, memos, times a month, from cents, to cents]` */
const habits: readonly Habit[] = (
  [
    ['Income: Salary', checking, ['Northwind Ltd'], ['Monthly pay'], 1, 312_000, 312_000],
    ['Home: Rent', checking, ['Elm Street Homes'], ['Rent'], 1, -118_000, -118_000],
    ['Home: Electricity', checking, ['City Power'], [''], 1, -7_900, -4_200],
    ['Home: Internet', checking, ['Fibre, Inc.'], ['Family plan, "fast"'], 1, -3_990, -3_990],
    [
      'Food: Groceries',
      card,
      ['Green Grocer', 'Corner Market', ''],
      ['Weekly shop', ''],
      6,
      -11_500,
      -900,
    ],
    [
      'Food: Restaurant',
      card,
      ['Trattoria Sole', 'Noodle Bar'],
      ['Dinner', 'Lunch', ''],
      5,
      -6_400,
      -1_150,
    ],
    ['Food: Coffee', cash, ['Kiosk', ''], [''], 5, -620, -240],
    ['Transport: Tram', cash, ['City Transit'], ['Ticket'], 3, -580, -290],
    ['Transfer', savings, ['Transfer'], ['Set aside'], 1, 15_000, 45_000],
    ['Fun: Books', card, ['Paper & Ink'], ['Paperback', 'Gift'], 1, -2_900, -700],
  ] as const
).map(([category, account, payees, memos, timesAMonth, fromMinor, toMinor]) => {
  return { category, account, payees, memos, timesAMonth, fromMinor, toMinor };
});

/** A year of a household that does not exist, as the text of a bank CSV: 300 rows, oldest first. */
export function makeSampleCsv(seed: number): string {
  const seeded = createSeededRandom(seed);
  const random = (): number => seeded.fraction();
  const pick = <T>(items: readonly T[]): T | undefined =>
    items[Math.floor(random() * items.length)];
  const lines: string[] = [];
  for (let month = 1; month <= 12; month += 1) {
    for (const habit of habits) {
      for (let time = 0; time < habit.timesAMonth; time += 1) {
        const day = 1 + Math.floor(random() * 28);
        const spreadMinor = habit.toMinor - habit.fromMinor;
        const fields = [
          `2024-${padTwo(month)}-${padTwo(day)}`,
          habit.account,
          pick(habit.payees) ?? '',
          habit.category,
          pick(habit.memos) ?? '',
          formatAmount(habit.fromMinor + Math.round(random() * spreadMinor)),
        ];
        lines.push(fields.map(quoteField).join(','));
      }
    }
  }
  return `${[BANK_COLUMNS.join(','), ...lines.sort()].join('\n')}\n`;
}

function formatAmount(minor: number): string {
  const digits = String(Math.abs(minor)).padStart(3, '0');
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function quoteField(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function padTwo(value: number): string {
  return String(value).padStart(2, '0');
}
