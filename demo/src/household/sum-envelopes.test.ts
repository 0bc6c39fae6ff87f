import { describe, expect, it } from 'vitest';
import { sumEnvelopes } from './sum-envelopes.js';

const transaction = { date: '2024-01-01', accountId: 'account-1', payee: '', memo: '' };

describe('the sums of one device', () => {
  it('hold what was assigned and what every transaction moved', () => {
    const sums = sumEnvelopes({
      envelopes: [
        ['e1', { name: 'Rent', assignedMinor: -1 }],
        ['e2', { name: 'Food', assignedMinor: 500 }],
      ],
      transactions: [
        ['t1', { ...transaction, envelopeId: 'e1', amountMinor: Number.MAX_SAFE_INTEGER }],
        ['t2', { ...transaction, envelopeId: 'e1', amountMinor: Number.MAX_SAFE_INTEGER }],
      ],
    });
    expect(sums).toEqual([
      ['Food', '500'],
      ['Rent', '18014398509481981'],
    ]);
  });

  it('show money whose envelope is gone instead of dropping it', () => {
    const lost = ['t1', { ...transaction, envelopeId: 'e9', amountMinor: -5 }] as const;
    expect(sumEnvelopes({ envelopes: [], transactions: [lost] })).toEqual([
      ['no envelope e9', '-5'],
    ]);
  });
});
