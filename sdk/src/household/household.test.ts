import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SchemaChecks } from '../budget/schemas.js';
import { loadSodium } from '../crypto/sodium.js';
import type { Fields } from '../model/edit.js';
import { foundWorlds } from '../testing/found-worlds.js';
import { householdSchemas, recordTransfer, type Household, type Transfer } from './index.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

const checks = new SchemaChecks(householdSchemas);
const pathsOf = (collection: keyof Household, record: Fields): string[] =>
  checks.issuesOf(collection, record).map(({ path }) => path);

const eur = (minor: number): { minor: number; currency: string } => ({ minor, currency: 'EUR' });
const due = { first: '2026-01-31', every: 'month' };
const purchase = {
  date: '2024-02-29',
  accountId: 'giro',
  payee: 'Market',
  amount: { total: eur(-3000), splits: [{ envelopeId: 'food', minor: -3000 }] },
};

const FITTING: readonly [keyof Household, Fields][] = [
  ['accounts', { name: 'Giro', kind: 'checking', currency: 'EUR', note: null }],
  ['envelopes', { name: 'Food', currency: 'EUR', assignedMinor: 0 }],
  ['transactions', purchase],
  ['bills', { name: 'Rent', amount: eur(90000), due, paidThrough: '2026-01-31' }],
  ['goals', { name: 'Sea', target: eur(200000), by: '2027-07-01' }],
  [
    'debts',
    { name: 'Car', principal: eur(1), since: '2026-01-01', yearlyRateBasisPoints: 499, due },
  ],
  ['paychecks', { ...purchase, payer: 'Work' }],
];

describe('the household schemas', () => {
  it.each(FITTING)('accept one of the %s, and what a newer app adds to it', (name, record) => {
    expect(pathsOf(name, record)).toEqual([]);
    expect(pathsOf(name, { ...record, addedLater: 1 })).toEqual([]);
    expect(checks.unknownFields(name, { addedLater: 1, name: 'x' }, record)).toMatchObject({
      addedLater: 1,
    });
  });

  it.each(FITTING)('refuse one of the %s that lacks what it needs', (name, record) => {
    const [first = ''] = Object.keys(record);
    expect(pathsOf(name, { ...record, [first]: 0.5 })).not.toEqual([]);
    expect(pathsOf(name, {})).not.toEqual([]);
  });

  it.each<[string, Fields, string]>([
    ['a float', { total: eur(-30.5), splits: [] }, 'amount.total.minor'],
    ['no currency', { total: { minor: 5 }, splits: [] }, 'amount.total.currency'],
    [
      'splits that lose a cent',
      { total: eur(5), splits: [{ envelopeId: 'a', minor: 4 }] },
      'amount',
    ],
    [
      'a float in a split',
      { total: eur(1), splits: [{ envelopeId: 'a', minor: 0.1 + 0.9 - 1e-9 }] },
      'amount.splits.0.minor',
    ],
  ])('refuse an amount with %s, and say where', (_what, amount, path) => {
    expect(pathsOf('transactions', { ...purchase, amount })).toEqual([path]);
  });

  it('refuse days that are not in the calendar', () => {
    expect(pathsOf('transactions', { ...purchase, date: '2023-02-29' })).toEqual(['date']);
  });

  it.each<[string, Transfer['legs']]>([
    ['one account', legsOf(['giro', -5, 'EUR'], ['giro', 5, 'EUR'])],
    ['money that appears', legsOf(['giro', -5, 'EUR'], ['cash', 6, 'EUR'])],
    ['money that flows backwards', legsOf(['giro', 5, 'EUR'], ['cash', -5, 'EUR'])],
  ])('refuse a transfer with %s', (_what, { from, to }) => {
    const legs = { from: { ...from }, to: { ...to } };
    const asFields = JSON.parse(JSON.stringify({ date: '2026-01-01', legs })) as Fields;
    expect(pathsOf('transfers', asFields)).toEqual(['legs']);
  });
});

function legsOf(
  ...[from, to]: readonly [[string, number, string], [string, number, string]]
): Transfer['legs'] {
  const leg = ([accountId, minor, currency]: [string, number, string]) => ({
    accountId,
    amount: { minor, currency },
  });
  return { from: leg(from), to: leg(to) };
}

describe('a transfer', () => {
  it('that two people change at once keeps both legs of one of them', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann', { schemas: householdSchemas });
    const ben = await world.open('ben', { schemas: householdSchemas });
    const move = { date: '2026-05-05', fromAccountId: 'giro', toAccountId: 'savings' };
    const record = (device: typeof ann, minor: number): Promise<void> =>
      device.budget.transact(({ collection }) => {
        const transfers = collection('transfers');
        // The world's collections are typed for flat records only.
        const put = (id: string, transfer: Transfer): void => {
          transfers.put(id, JSON.parse(JSON.stringify(transfer)) as Record<string, string>);
        };
        recordTransfer({ collection: () => ({ put }) }, 'x1', { ...move, amount: eur(minor) });
      });
    await record(ann, 100);
    await world.settle();
    await Promise.all([record(ann, 200), record(ben, 300)]);
    await world.settle();
    for (const { budget } of world.devices) {
      expect(budget.collection('transfers').invalid()).toEqual([]);
      const legs = JSON.stringify(budget.collection('transfers').get('x1')?.['legs']);
      expect(['200', '300'].filter((minor) => legs.includes(minor))).toHaveLength(1);
    }
  });

  it('of nothing, or less, is refused', () => {
    const tx = { collection: () => ({ put: () => undefined }) };
    const move = { date: '2026-05-05', fromAccountId: 'a', toAccountId: 'b', amount: eur(0) };
    expect(() => {
      recordTransfer(tx, 'x1', move);
    }).toThrow(expect.objectContaining({ kind: 'bad_input' }));
  });
});
