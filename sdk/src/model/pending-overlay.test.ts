import { describe, expect, it } from 'vitest';
import { emptyBudgetState } from './budget-state.js';
import type { Edit } from './edit.js';
import { isDeviceId } from './ids.js';
import { PendingOverlay } from './pending-overlay.js';

const device = 'd0'.repeat(16);
if (!isDeviceId(device)) throw new Error('that is a device id');

const edit = (counter: number, ...ops: Edit['ops']): Edit => ({
  device,
  counter,
  stamp: { wallMs: counter, logical: 0 },
  base: 0,
  ops,
});

const jar = { collection: 'jars', id: 'j' };

describe('what is pending on top of what is confirmed', () => {
  it('counts an edit once that was in the outbox already when the overlay started over', () => {
    const overlay = new PendingOverlay(emptyBudgetState(), 'ann');
    const put = edit(1, { type: 'put', ...jar, fields: { coins: 10 } });
    const increment = edit(2, { type: 'increment', ...jar, field: 'coins', by: 5 });
    overlay.add(put);
    overlay.reset([put, increment]);
    overlay.add(increment);
    expect(overlay.get(jar)).toEqual({ coins: 15 });
  });
});
