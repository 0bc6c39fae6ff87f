import { emptyBudgetState, foldEdit } from '../model/budget-state.js';
import type { Op } from '../model/edit.js';
import type { Checkpoint } from '../sync/checkpoint.js';
import { LOG_START } from '../sync/log-position.js';
import { AUTHORS, DEVICES } from './checkpoint-arbitraries.js';
import { createSeededRandom } from './seeded-random.js';

/** A household's transactions, each entered by itself on one of three devices of two people. */
export function makeHouseholdCheckpoint(transactions: number): Checkpoint {
  const random = createSeededRandom(7);
  const below = (most: number): number => Math.floor(random.fraction() * most);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const anId = (): string =>
    Array.from({ length: 8 + below(5) }, () => letters[below(letters.length)]).join('');
  const words = 'dinner with friends gift for anna school trip shoes car repair gym train'.split(
    ' ',
  );
  const payees = Array.from({ length: 200 }, () => `${words[below(words.length)] ?? ''} ${anId()}`);
  const categories = Array.from({ length: 20 }, anId);
  const state = emptyBudgetState();
  let timeMs = 1_600_000_000_000;
  for (let seq = 1; seq <= transactions; seq += 1) {
    timeMs += below(20_000_000);
    const row = below(3);
    const device = DEVICES[row];
    if (device === undefined) throw new Error('no such device');
    const isNoted = random.fraction() < 0.3;
    const fieldsOfOne = {
      date: new Date(timeMs - below(5) * 86_400_000).toISOString().slice(0, 10),
      payee: payees[below(200)] ?? '',
      amount: -Math.round(Math.exp(4 + random.fraction() * 6)),
      category: categories[below(20)] ?? '',
      note: isNoted ? Array.from({ length: 4 }, () => words[below(words.length)]).join(' ') : '',
    };
    const put: Op = { type: 'put', collection: 'transactions', id: anId(), fields: fieldsOfOne };
    const counter = (state.applied.get(device) ?? 0) + 1;
    const stamp = { wallMs: timeMs, logical: 0 };
    const edit = { device, counter, stamp, base: seq - 1, ops: [put] };
    foldEdit(state, edit, { author: AUTHORS[row] ?? '', seq, entryTimeMs: timeMs });
  }
  return { state, position: { ...LOG_START, seq: transactions }, peopleFrames: [] };
}
