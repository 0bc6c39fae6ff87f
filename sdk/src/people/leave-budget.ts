import { makeNotice } from '../crypto/notice.js';
import { hasOwner, withoutMember } from '../model/people.js';
import { ok, type Result } from '../result.js';
import { endedFailure, refuse, type SyncFailure } from '../sync/sync-failure.js';
import type { MembershipEnd } from '../sync/standing.js';
import { takeUpAll } from './find-joiners.js';
import { lastOwner, requireOwner } from './manage-members.js';
import { ownIdentity, ownMember, positionOf, type PeopleDeps } from './people-deps.js';

/** Takes this user out; whoever stays starts a new epoch before anything else is written. */
export async function leaveBudget(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<void, SyncFailure>> {
  const { budgetId, identities, remote } = deps;
  const position = positionOf(deps);
  const { uid } = identities;
  if (!ownMember(deps)) return refuse('access_denied', 'This user is no member of the budget.');
  if (!hasOwner(withoutMember(position, uid).members)) return lastOwner();
  const joined = await takeUpAll(deps, uid, signal);
  if (!joined.ok) return joined;
  const by = ownIdentity(deps);
  const notice = makeNotice({ kind: 'left', budgetId, uid, by, epoch: position.epoch });
  const left = await remote.exits.leave(notice, signal);
  if (!left.ok && !(await hasEnded(deps, signal))) return left;
  return end(deps, { kind: 'left', by: uid }, signal);
}

/** Whether an attempt whose answer got lost has been taken. */
async function hasEnded({ session }: PeopleDeps, signal?: AbortSignal): Promise<boolean> {
  const pulled = await session.pull(signal);
  return !pulled.ok && pulled.error.kind === endedFailure({ kind: 'left', by: '' }).kind;
}

/**
 * Marks the budget deleted for good, then removes what lies below it. Stopped in between,
 * {@link purgeBudget} goes on. `onProgress` hears how many documents are gone.
 */
export async function deleteBudget(
  deps: PeopleDeps,
  onProgress: (removed: number) => void,
  signal?: AbortSignal,
): Promise<Result<void, SyncFailure>> {
  const { budgetId, remote, identities } = deps;
  const position = positionOf(deps);
  const owner = requireOwner(deps, position);
  if (!owner.ok) return owner;
  const { uid } = identities;
  const by = ownIdentity(deps);
  const tombstone = makeNotice({ kind: 'deleted', budgetId, uid, by, epoch: position.epoch });
  const marked = await remote.exits.markDeleted(tombstone, signal);
  if (!marked.ok) return marked;
  const purged = await purgeBudget(deps, onProgress, signal);
  if (!purged.ok) return purged;
  return end(deps, { kind: 'deleted', by: uid }, signal);
}

/** Removes what is left below a deleted budget, the user's own note of it last. */
export async function purgeBudget(
  { budgetId, remote, list }: Pick<PeopleDeps, 'budgetId' | 'remote' | 'list'>,
  onProgress: (removed: number) => void,
  signal?: AbortSignal,
): Promise<Result<void, SyncFailure>> {
  let removed = 0;
  for (;;) {
    const purged = await remote.exits.purge(signal);
    if (!purged.ok) return purged;
    if (purged.value === 0) break;
    removed += purged.value;
    onProgress(removed);
  }
  return list.removePin(budgetId, signal);
}

async function end(
  { replica, list, budgetId }: PeopleDeps,
  how: MembershipEnd,
  signal?: AbortSignal,
): Promise<Result<void, SyncFailure>> {
  const forgotten = await list.removePin(budgetId, signal);
  if (!forgotten.ok) return forgotten;
  const ended = await replica.end(how);
  return ended.ok ? ok() : ended;
}
