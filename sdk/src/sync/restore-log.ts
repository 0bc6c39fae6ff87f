import { equalBytes } from '../bytes.js';
import { hashFrame } from '../crypto/frame.js';
import type { BudgetId } from '../model/ids.js';
import type { StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import { ConfirmedLog, RECENT_POSITIONS } from './confirmed-log.js';
import { toStoredEntry, type LocalEntry } from './local-entry.js';
import { corrupt, unreadable } from './local-error.js';
import type { StoredCheckpoint } from './read-local-log.js';
import { verifyEntry, type EpochKeys } from './verify-entry.js';

/**
 * What is confirmed by a checkpoint and the entries that are kept. Those behind it are verified
 * and folded as when they came, and tell nobody of it. Entries in front of it may be there too.
 */
export function restoreLog(
  stored: StoredCheckpoint | undefined,
  entries: readonly LocalEntry[],
  budgetId: BudgetId,
  keys: EpochKeys,
): Result<ConfirmedLog, StoreError> {
  const seq = stored?.head.seq ?? 0;
  const before = entries.filter((entry) => entry.seq <= seq).slice(-RECENT_POSITIONS);
  const confirmed = stored
    ? ConfirmedLog.restore(
        stored.checkpoint,
        before.map((entry) => [entry.seq, hashFrame(entry.frame)] as const),
      )
    : ConfirmedLog.empty();
  const last = before.at(-1);
  if (stored && last?.seq === seq) {
    const { hash } = stored.checkpoint.position;
    if (!equalBytes(hashFrame(last.frame), hash)) return corrupt('the checkpoint');
  }
  for (const entry of entries.filter((each) => each.seq > seq)) {
    const folded = foldAgain(confirmed, entry, budgetId, keys);
    if (!folded.ok) return folded;
  }
  return ok(confirmed);
}

function foldAgain(
  confirmed: ConfirmedLog,
  entry: LocalEntry,
  budgetId: BudgetId,
  keys: EpochKeys,
): Result<void, StoreError> {
  const { position } = confirmed;
  const what = `entry ${String(entry.seq)}`;
  if (entry.seq !== position.seq + 1) return corrupt(what);
  if (entry.isSkipped) {
    confirmed.skip(entry.seq, hashFrame(entry.frame));
    return ok();
  }
  const stored = toStoredEntry(entry);
  if (!stored.ok) return unreadable(stored.error, what);
  const verified = verifyEntry(stored.value, position, budgetId, keys);
  if (!verified.ok) {
    const { kind, message } = verified.error;
    const isNewer = kind === 'upgrade_required';
    return unreadable({ kind: isNewer ? kind : 'malformed', message }, what);
  }
  confirmed.fold(verified.value);
  return ok();
}
