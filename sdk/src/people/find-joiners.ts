import type { Statement } from '../model/membership.js';
import { mayWrite } from '../model/roles.js';
import type { BudgetDocument, RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { findJoining } from './judge-people.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';

export type Joined = Extract<Statement, { type: 'joined' }>;

/** What the log has to be told of `uids`, who are in the budget's document: by which invite. */
export async function findJoiners(
  { budgetId, remote, replica, corrected }: PeopleDeps,
  uids: readonly string[],
  signal?: AbortSignal,
): Promise<Result<readonly (Joined & { readonly uid: string })[], RemoteError>> {
  const found: (Joined & { readonly uid: string })[] = [];
  for (const uid of uids) {
    const used = await remote.invites.listUsedBy(uid, signal);
    if (!used.ok) return used;
    const at = { budgetId, nowMs: corrected.now() };
    const joining = findJoining(uid, used.value, positionOf({ replica }), at);
    if (!joining || joining === 'forged') continue;
    const { inviteId, acceptance } = joining;
    found.push({ type: 'joined', uid, inviteId, acceptance });
  }
  return ok(found);
}

/** Whom the budget's document lets in, and the log does not know. */
export const uidsNotInLog = (
  { members }: Pick<BudgetDocument, 'members'>,
  { members: known }: ReturnType<typeof positionOf>,
): readonly string[] => Object.keys(members).filter((uid) => !known.has(uid));

/**
 * Has the log take up everybody who is joining, before their inviter loses the right to have
 * let them in. Answers with the number of entries appended.
 */
export async function logJoiners(
  deps: PeopleDeps,
  except: string,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const self = ownMember(deps);
  if (!self || !mayWrite(self.role)) return ok(0);
  const budget = await deps.remote.log.readBudget(signal);
  if (!budget.ok) return budget;
  const uids = uidsNotInLog(budget.value, positionOf(deps)).filter((uid) => uid !== except);
  const joiners = await findJoiners(deps, uids, signal);
  if (!joiners.ok) return joiners;
  return deps.session.append(({ members, invites }) => {
    const statements = joiners.value
      .filter(({ uid, inviteId }) => !members.has(uid) && invites.has(inviteId))
      .map(({ inviteId, acceptance }) => ({ type: 'joined' as const, inviteId, acceptance }));
    return ok(statements.length > 0 ? { bodies: [{ edits: [], statements }] } : undefined);
  }, signal);
}
