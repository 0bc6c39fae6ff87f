import type { Statement } from '../model/membership.js';
import { mayWrite } from '../model/roles.js';
import type { BudgetDocument, RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { comparePeople, findJoining, type Joining } from './judge-people.js';
import { wrapCurrentKey } from './mend-wraps.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';

/** Those of `uids`, who are in the budget's document, whom an invite has let in. */
export async function findJoiners(
  { budgetId, remote, replica, corrected }: PeopleDeps,
  uids: readonly string[],
  signal?: AbortSignal,
): Promise<Result<readonly Joining[], RemoteError>> {
  const found: Joining[] = [];
  for (const uid of uids) {
    const used = await remote.invites.listUsedBy(uid, signal);
    if (!used.ok) return used;
    const at = { budgetId, nowMs: corrected.now() };
    const joining = findJoining(uid, used.value, positionOf({ replica }), at);
    if (joining && joining !== 'forged') found.push(joining);
  }
  return ok(found);
}

/** Whom the budget's document lets in, and the log does not know. */
export const uidsNotInLog = (
  budget: Pick<BudgetDocument, 'members'>,
  position: LogPosition,
): readonly string[] =>
  comparePeople(budget, position)
    .filter(({ kind }) => kind === 'not_in_log')
    .map(({ uid }) => uid);

export const toStatement = ({ inviteId, acceptance }: Joining): Statement => ({
  type: 'joined',
  inviteId,
  acceptance,
});

/**
 * Has the log take up `joiners`, and wraps the key for them, which may have been replaced since
 * their invites ran out. Answers with the number of entries appended: 0 for who may not write.
 */
export async function takeUp(
  deps: PeopleDeps,
  joiners: readonly Joining[],
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const self = ownMember(deps);
  if (!self || !mayWrite(self.role)) return ok(0);
  const appended = await deps.session.append(({ members, invites }) => {
    const statements = joiners
      .filter(({ uid, inviteId }) => !members.has(uid) && invites.has(inviteId))
      .map(toStatement);
    return ok(statements.length > 0 ? { bodies: [{ edits: [], statements }] } : undefined);
  }, signal);
  if (!appended.ok || appended.value === 0) return appended;
  const { members } = positionOf(deps);
  const recipients = joiners.flatMap(({ uid }) => {
    const member = members.get(uid);
    return member ? [{ uid, box: member.keys.box }] : [];
  });
  const wrapped = await wrapCurrentKey(deps, recipients, signal);
  return wrapped.ok ? appended : wrapped;
}

/**
 * Has the log take up everybody who is joining, before their inviter loses the right to have
 * let them in. Answers with the number of entries appended.
 */
export async function takeUpAll(
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
  return joiners.ok ? takeUp(deps, joiners.value, signal) : joiners;
}
