import { createMemoryStore } from '../local/memory-store.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import { err, type Result } from '../result.js';
import { sleep } from '../sync/sleep.js';
import type { CrashGate } from './crash-gate.js';
import type { Dice } from './dice.js';
import type { FaultRates } from './plan.js';
import type { Tally } from './tally.js';

export interface FaultyStoreDeps {
  readonly gate: CrashGate;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly tally: Tally;
  /** Read at every call: they end when the history calms down. */
  readonly rates: () => FaultRates | undefined;
}

/** A store over `disk` that is slow or unavailable now and then; a call that fails changes nothing. */
export function createFaultyStore(
  disk: Map<string, Uint8Array>,
  deps: FaultyStoreDeps,
): LocalStore & { readonly isOpen: () => boolean } {
  const { gate } = deps;
  const store = createMemoryStore(disk);
  let open = true;
  const call = <T>(act: () => Promise<Result<T, StoreError>>): Promise<Result<T, StoreError>> =>
    gate.pass('store', () => disturb(act, deps));
  return {
    get: (key) => call(() => store.get(key)),
    list: (prefix) => call(() => store.list(prefix)),
    commit: (batch) => call(() => store.commit(batch)),
    close: () => {
      open = false;
      return store.close();
    },
    isOpen: () => open,
  };
}

async function disturb<T>(
  act: () => Promise<Result<T, StoreError>>,
  { gate, clock, dice, tally, rates }: FaultyStoreDeps,
): Promise<Result<T, StoreError>> {
  const { storeFails = 0, storeSlow = 0 } = rates() ?? {};
  if (dice.chance(storeSlow)) {
    tally.fault('store slow');
    await sleep(clock, dice.upTo(200));
    // Whoever died meanwhile did not get to it.
    if (gate.isDead) return unavailable();
  }
  if (dice.chance(storeFails)) {
    tally.fault('store unavailable');
    return unavailable();
  }
  return act();
}

const unavailable = (): Result<never, StoreError> =>
  err({ kind: 'unavailable', message: 'The disk is busy' });
