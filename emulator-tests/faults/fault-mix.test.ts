import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../sdk/src/testing/seeded-random.js';
import {
  CANARY,
  converge,
  expectNoHarm,
  spentOn,
  useFaultyStage,
  type Client,
} from './faulty-stage.js';
import type { Fault, When } from './proxy/fault.js';
import { until } from './until.js';

const EDITS_EACH = 60;
const FAULTS = 30;
/** Another afternoon: `FAULT_SEED=7 npx vitest run --project emulators emulator-tests/faults`. */
const SEED = Number(process.env['FAULT_SEED'] ?? 1);

const stage = useFaultyStage();

/** What a seed makes of an afternoon: amounts, and faults between them. */
class Dice {
  readonly #random: ReturnType<typeof createSeededRandom>;

  constructor(seed: number) {
    this.#random = createSeededRandom(seed);
  }

  upTo(count: number): number {
    return Math.floor(this.#random.fraction() * count);
  }

  fault(): Fault {
    const when: When = this.upTo(2) === 0 ? 'before' : 'after';
    const faults: readonly Fault[] = [
      { kind: 'cut', when },
      { kind: 'reset', when },
      { kind: 'stall', when },
      { kind: 'status', status: 429, when },
      { kind: 'status', status: 500, when },
      { kind: 'status', status: 503, when },
      { kind: 'half_open' },
      { kind: 'truncate' },
      { kind: 'slow', bytesPerSecond: 5_000 + this.upTo(50_000) },
    ];
    return faults[this.upTo(faults.length)] ?? expect.fail('there is one for each number');
  }
}

/** Strikes requests to Firestore, and now and then the signaling connection, until all have struck. */
class Afternoon {
  readonly #dice: Dice;
  readonly #clients: readonly Client[];
  left = FAULTS;

  constructor(dice: Dice, clients: readonly Client[]) {
    this.#dice = dice;
    this.#clients = clients;
    for (const { firestore } of clients) {
      firestore.disturb(() => (this.left > 0 && dice.upTo(4) === 0 ? this.#take() : undefined));
    }
  }

  /** To be called now and then. */
  shake(): void {
    if (this.left === 0 || this.#dice.upTo(20) > 0) return;
    const { signaling } = this.#clients[this.#dice.upTo(2)] ?? expect.fail('there are two');
    const fault = this.#take();
    signaling.disturb(() => fault);
    signaling.calm();
  }

  #take(): Fault {
    this.left -= 1;
    return this.#dice.fault();
  }
}

describe('an afternoon with a bad network', () => {
  it(`costs no edit and counts none twice, 30 faults among 120 edits: seed ${String(SEED)}`, async () => {
    const both = await stage.open();
    const clients = [both.ann, both.ben];
    const dice = new Dice(SEED);
    const afternoon = new Afternoon(dice, clients);
    let sum = 0;
    await Promise.all(
      clients.map(async ({ budget }, by) => {
        for (let n = 0; n < EDITS_EACH; n += 1) {
          const amount = 1 + dice.upTo(1_000);
          await budget.collection('envelopes').increment('food', 'spent', amount);
          sum += amount;
          if (n % 3 === 0) {
            const id = `${String(by)}-${String(n)}`;
            await budget.collection('envelopes').put(id, { spent: n, note: CANARY });
          }
          afternoon.shake();
          // One edit after the other, each with a round of its own, whatever becomes of it.
          await budget.sync.syncNow().catch(() => undefined);
        }
      }),
    );
    while (afternoon.left > 0) {
      const before = afternoon.left;
      for (const { budget } of clients) budget.sync.syncNow().catch(() => undefined);
      await until(
        () => afternoon.left < before || clients.every(({ budget }) => isAtRest(budget)),
        'one more fault, or a rest',
      );
    }
    for (const { firestore } of clients) firestore.calm();
    await converge(both);
    for (const client of clients) {
      expect(spentOn(client)).toBe(sum);
      expect(client.budget.collection('envelopes').list()).toHaveLength(1 + (2 * EDITS_EACH) / 3);
    }
    await expectNoHarm(both);
  }, 180_000);
});

const isAtRest = ({ sync }: Client['budget']): boolean => sync.getStatus().state !== 'syncing';
