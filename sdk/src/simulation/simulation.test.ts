import { beforeAll, describe, expect, it } from 'vitest';
import { makePlan } from './plan.js';
import { loadSodiumForMany } from './remember-signatures.js';
import { runPlan } from './run-history.js';

/** Those of the nightly run, `npm run simulate -- --histories 10000`, from the first on. */
const HISTORIES = 500;
const AT_A_TIME = 25;
/** Some 100 ms each on a machine that does nothing else. */
const TIMEOUT_MS = 300_000;
const MIN_OPS = 50;

beforeAll(loadSodiumForMany);

describe('random histories over networks, servers and disks that fail', () => {
  it.each(Array.from({ length: HISTORIES / AT_A_TIME }, (_, index) => 1 + index * AT_A_TIME))(
    'end with every acknowledged edit kept, once, on devices that agree (25 seeds from %s)',
    async (firstSeed) => {
      for (let seed = firstSeed; seed < firstSeed + AT_A_TIME; seed += 1) {
        const { violation, tally } = await runPlan(makePlan(seed));
        const replay = `npm run simulate -- --seed ${String(seed)}`;
        expect(violation?.message, replay).toBeUndefined();
        expect(tally.of('ops acknowledged') + tally.of('edit: refused')).toBeGreaterThan(MIN_OPS);
      }
    },
    TIMEOUT_MS,
  );

  it('take the same course again from the same seed, or no failure could be looked at', async () => {
    const [first, second] = [await runPlan(makePlan(7)), await runPlan(makePlan(7))];
    expect([...second.tally.counts]).toEqual([...first.tally.counts]);
  });
});
