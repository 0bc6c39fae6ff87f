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
 * Starts the epoch that the rules wait for: after somebody left, or where the budget's
 * document is ahead of the log. Answers with the number of entries appended.
 */
export async function mendEpoch(
  deps: PeopleDeps,
  budget: BudgetDocument,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { epoch, seq } = positionOf(deps);
  if (budget.epoch < epoch) {
    deps.replica.security.tell(peopleEvent('epoch_rolled_back', seq));
    return ok(0);
  }
  const self = ownMember(deps);
  const isNeeded = budget.rekey || budget.epoch > epoch;
  if (!isNeeded || !self || !mayWrite(self.role)) return ok(0);
  const left = await findLeavers(deps, budget, signal);
  if (!left.ok) return left;
  return startEpoch(
    deps,
    (position) => {
      // Somebody else's epoch is as good as one of this device.
      if (position.epoch > epoch) return ok(undefined);
      const statements = left.value.filter(
        (statement) => statement.type === 'member_left' && position.members.has(statement.uid),
      );
      const announced = budget.rekey ? undefined : budget.epoch;
      return ok(announced === undefined ? { statements } : { statements, announced });
    },
    signal,
  );
}

/** Whoever the document shuts out, and who has signed that they leave. */
async function findLeavers(
  { budgetId, remote, replica }: PeopleDeps,
  budget: BudgetDocument,
  signal?: AbortSignal,
): Promise<Result<readonly Statement[], RemoteError>> {
  const position = positionOf({ replica });
  const left: Statement[] = [];
  for (const { kind, uid } of comparePeople(budget, position)) {
    const member = position.members.get(uid);
    if (kind !== 'not_in_document' || !member) continue;
    const read = await remote.exits.readDeparture(uid, signal);
    if (!read.ok) return read;
    const notice = read.value;
    const bySignKey = member.keys.sign;
    if (notice && verifyNotice({ bytes: notice, budgetId, kind: 'left', uid, bySignKey }).ok) {
      left.push({ type: 'member_left', uid, notice });
    } else {
      replica.security.tell(peopleEvent('member_missing', position.seq));
    }
  }
  return ok(left);
}
