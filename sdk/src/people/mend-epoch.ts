import { verifyNotice } from '../crypto/notice.js';
import type { Statement } from '../model/membership.js';
import { mayWrite } from '../model/roles.js';
import type { BudgetDocument, RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { comparePeople, peopleEvent } from './judge-people.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { startEpoch } from './start-epoch.js';

/**
 * Starts the epoch that is due: after somebody left, or where the budget's document is ahead
 * of the log. Answers with the number of entries appended.
 */
export async function mendEpoch(
  deps: PeopleDeps,
  budget: BudgetDocument,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const before = positionOf(deps);
  if (budget.epoch < before.epoch) {
    deps.replica.security.tell(peopleEvent('epoch_rolled_back', before.seq));
    return ok(0);
  }
  const self = ownMember(deps);
  if (!self || !mayWrite(self.role)) return ok(0);
  // An epoch that was started without knowing that somebody left has a key for them.
  const left = await findLeavers(deps, budget, signal);
  if (!left.ok) return left;
  const isWaitedFor = budget.rekey || budget.epoch > before.epoch;
  return startEpoch(
    deps,
    ({ epoch, members }) => {
      const statements = left.value.filter(({ uid }) => members.has(uid));
      // Somebody else's epoch is as good as one of this device.
      const isDue = isWaitedFor && epoch === before.epoch;
      if (!isDue && statements.length === 0) return ok(undefined);
      const isAnnounced = isDue && !budget.rekey;
      return ok(isAnnounced ? { statements, announced: budget.epoch } : { statements });
    },
    signal,
  );
}

type Leaving = Extract<Statement, { type: 'member_left' }>;

/** Whoever the document shuts out, and who has signed that they leave. */
async function findLeavers(
  { budgetId, remote, replica }: PeopleDeps,
  budget: BudgetDocument,
  signal?: AbortSignal,
): Promise<Result<readonly Leaving[], RemoteError>> {
  const position = positionOf({ replica });
  const left: Leaving[] = [];
  for (const { kind, uid } of comparePeople(budget, position)) {
    const member = position.members.get(uid);
    if (kind !== 'not_in_document' || !member) continue;
    const read = await remote.exits.readDeparture(uid, signal);
    if (!read.ok) return read;
    const notice = read.value;
    const bySignKey = member.keys.sign;
    if (!notice) continue;
    const verified = verifyNotice({ bytes: notice, budgetId, kind: 'left', uid, bySignKey });
    if (verified.ok && verified.value.epoch >= member.sinceEpoch) {
      left.push({ type: 'member_left', uid, notice });
    }
  }
  return ok(left);
}
