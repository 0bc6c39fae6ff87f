import { generateEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import { hashFrame } from '../crypto/frame.js';
import type { LocalStore } from '../ports/local-store.js';
import { sealOwnPin, type OwnPin } from '../people/own-pin.js';
import { wrapFor } from '../people/wrap-for.js';
import { CorrectedClock } from '../sync/corrected-clock.js';
import { LOG_START } from '../sync/log-position.js';
import { Outbox } from '../sync/outbox.js';
import { sealEntries } from '../sync/seal-edits.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import type { OpenBudgetDeps } from './open-budget.js';

/**
 * Writes the first entry of a new budget, which makes its author the owner, with the key
 * wrapped for them and their note of the budget: all of it or nothing.
 */
export async function writeGenesis(
  deps: Pick<OpenBudgetDeps, 'budgetId' | 'identities' | 'remote' | 'clock' | 'random'> & {
    readonly store: LocalStore;
  },
): Promise<{ readonly pin: OwnPin; readonly epochKey: EpochKey }> {
  const { budgetId, identities, remote, clock, random, store } = deps;
  const outbox = await Outbox.open(store, random);
  if (!outbox.ok) throw toSealsyncError(outbox.error);
  const identity = identities.newest;
  const epochKey = generateEpochKey(random, budgetId, 1);
  const self = { uid: identity.uid, box: identity.publicKeys.box };
  const [wrap] = wrapFor([self], epochKey, identity, random);
  if (!wrap) throw new Error('an identity of this kit can be wrapped for');
  const corrected = new CorrectedClock(clock);
  const body = { edits: [], statements: [{ type: 'genesis' as const, keys: identity.publicKeys }] };
  for (let attempt = 1; ; attempt += 1) {
    const sealing = { device: outbox.value.device, epochKey, t: corrected.now() };
    const [genesis] = sealEntries([body], LOG_START, sealing, { identity, random });
    if (!genesis) throw new Error('one body makes one entry');
    const genesisHash = hashFrame(genesis.entry.frame);
    const pin = sealOwnPin(budgetId, identities, { genesisHash }, random);
    const created = await remote.log.create(genesis.entry, { wrap, pin });
    if (created.ok) return { pin: { genesisHash, isOutdated: false }, epochKey };
    if (created.error.kind !== 'denied' || attempt > 1) throw toSealsyncError(created.error);
    // The one thing that an honest creation can be denied for is a wrong clock.
    const serverTime = await remote.log.serverTime();
    if (!serverTime.ok) throw toSealsyncError(serverTime.error);
    corrected.correct(serverTime.value);
  }
}
