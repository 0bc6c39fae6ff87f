import type { Budget } from '@sealsync/sdk';
import { transactionId, type Household } from '../household/shapes.js';
import type { PlannedEdit } from './planned-edit.js';

/** Makes one planned edit, as an app would when a person asks for it. */
export function applyEdit(budget: Budget<Household>, edit: PlannedEdit): Promise<void> {
  const transactions = budget.collection('transactions');
  switch (edit.kind) {
    case 'assign': {
      const id = findEnvelope(budget, edit.category);
      return budget.collection('envelopes').increment(id, 'assignedMinor', edit.byMinor);
    }
    case 'note':
      return transactions.update(transactionId(edit.row), { memo: edit.memo });
    case 'correct':
      return transactions.update(transactionId(edit.row), { amountMinor: edit.amountMinor });
    case 'move': {
      const envelopeId = findEnvelope(budget, edit.category);
      return transactions.update(transactionId(edit.row), { envelopeId });
    }
  }
}

function findEnvelope(budget: Budget<Household>, category: string): string {
  const found = budget
    .collection('envelopes')
    .list()
    .find(([, { name }]) => name === category);
  if (!found) throw new Error('There is no envelope of that category.');
  return found[0];
}
