import { hashFrame } from '../crypto/frame.js';
import type { BudgetId } from '../model/ids.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import type { ConfirmedLog, EntryEffects } from './confirmed-log.js';
import { toStoredEntry, type LocalEntry } from './local-entry.js';
import type { VerifiedEntry } from './log-position.js';
import { readEntriesAfter, readWholeLog } from './read-local-log.js';
import { restoreLog } from './restore-log.js';
import { verifyEntry, type EpochKeys } from './verify-entry.js';

export interface StoredLogDeps {
  readonly budgetId: BudgetId;
  readonly keys: EpochKeys;
  /** Has `keys` hold all that the store does. */
  readonly refreshKeys: () => Promise<Result<void, StoreError>>;
}

export interface FollowDeps extends StoredLogDeps {
  readonly store: LocalStore;
  readonly confirmed: ConfirmedLog;
  readonly onFolded: (effects: EntryEffects, entry: VerifiedEntry) => void;
}

/**
 * Goes on with what another tab has written of the log, held against the chain as when it came.
 * `true` where all of it was taken from the store anew.
 */
export async function followStore(deps: FollowDeps): Promise<Result<boolean, StoreError>> {
  const { store, confirmed } = deps;
  const entries = await readEntriesAfter(store, confirmed.position.seq);
  if (!entries.ok) return entries;
  if (!entries.value) return reloadStore(deps);
  if (entries.value.length === 0) return ok(false);
  const refreshed = await deps.refreshKeys();
  if (!refreshed.ok) return refreshed;
  for (const entry of entries.value) {
    if (!foldNext(deps, entry)) return reloadStore(deps);
  }
  return ok(false);
}

/** Whether it continues what is confirmed. */
function foldNext({ budgetId, keys, confirmed, onFolded }: FollowDeps, entry: LocalEntry): boolean {
  if (entry.isSkipped) {
    confirmed.skip(entry.seq, hashFrame(entry.frame));
    return true;
  }
  const stored = toStoredEntry(entry);
  if (!stored.ok) return false;
  const verified = verifyEntry(stored.value, confirmed.position, budgetId, keys);
  if (!verified.ok) return false;
  onFolded(confirmed.fold(verified.value), verified.value);
  return true;
}

/** Has what is confirmed be what the store holds, whatever it was. */
export async function reloadStore({
  store,
  budgetId,
  keys,
  refreshKeys,
  confirmed,
}: FollowDeps): Promise<Result<boolean, StoreError>> {
  const whole = await readWholeLog(store);
  if (!whole.ok) return whole;
  const refreshed = await refreshKeys();
  if (!refreshed.ok) return refreshed;
  const restored = restoreLog(whole.value.stored, whole.value.entries, budgetId, keys);
  if (!restored.ok) return restored;
  confirmed.load(restored.value.checkpoint());
  return ok(true);
}
