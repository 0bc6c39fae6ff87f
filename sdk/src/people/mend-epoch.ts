import { verifyNotice } from '../crypto/notice.js';
import type { Statement } from '../model/membership.js';
import { mayWrite } from '../model/roles.js';
import type { BudgetDocument, RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import { foldStatements, isTimelyNotice, MAX_EPOCH_STEP } from '../sync/fold-statements.js';
import type { LogPosition } from '../sync/log-position.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { findJoiners, toStatement, uidsNotInLog } from './find-joiners.js';
import { peopleEvent } from './judge-people.js';
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
  const aheadBy = budget.epoch - before.epoch;
  if (aheadBy < 0 || aheadBy >= MAX_EPOCH_STEP) {
    const event = aheadBy < 0 ? 'epoch_rolled_back' : 'epoch_jumped';
    deps.replica.reportOnce(peopleEvent(event, before.seq));
    return ok(0);
  }
  const self = ownMember(deps);
  if (!self || !mayWrite(self.role)) return ok(0);
  // An epoch that was started without knowing that somebody left has a key for them.
  const left = await findLeavers(deps, budget, signal);
  if (!left.ok) return left;
  const isWaitedFor = budget.rekey || aheadBy > 0;
  if (!isWaitedFor && left.value.length === 0) return ok(0);
  const joiners = await findJoiners(deps, joinersOf(budget, before, left.value), signal);
  if (!joiners.ok) return joiners;
  const isBack = (uid: string): boolean => left.value.some((leaver) => leaver.uid === uid);
  // Newcomers first: whoever leaves takes their invites along.
  const candidates: readonly Statement[] = [
    ...joiners.value.filter(({ uid }) => !isBack(uid)).map(toStatement),
    ...left.value,
    ...joiners.value.filter(({ uid }) => isBack(uid)).map(toStatement),
  ];
  return startEpoch(
    deps,
    (position) => {
      const statements = keepSayable(deps, position, candidates);
      const settles = statements.some(({ type }) => type === 'member_left');
      // Somebody else's epoch is as good as one of this device.
      const isDue = isWaitedFor && position.epoch === before.epoch;
      if (!isDue && !settles) return ok(undefined);
      return ok({ statements, change: { settlesLeaving: true }, after: budget.epoch });
    },
    signal,
  );
}

type Leaving = Extract<Statement, { type: 'member_left' }>;

/** Whoever the document lets in and the log does not, or will not once they have left. */
const joinersOf = (
  budget: BudgetDocument,
  position: LogPosition,
  left: readonly Leaving[],
): readonly string[] => [
  ...uidsNotInLog(budget, position),
  ...left.map(({ uid }) => uid).filter((uid) => Object.hasOwn(budget.members, uid)),
];

/** Members who have signed that they leave: shut out, or, before an epoch settles it, back again. */
async function findLeavers(
  { budgetId, remote, replica }: PeopleDeps,
  budget: BudgetDocument,
  signal?: AbortSignal,
): Promise<Result<readonly Leaving[], RemoteError>> {
  const position = positionOf({ replica });
  const left: Leaving[] = [];
  for (const [uid, member] of position.members) {
    const isIn = Object.hasOwn(budget.members, uid);
    if (isIn && !budget.rekey) continue;
    const read = await remote.exits.readDeparture(uid, signal);
    if (!read.ok) return read;
    const notice = read.value;
    if (!notice) continue;
    const bySignKey = member.keys.sign;
    const verified = verifyNotice({ bytes: notice, budgetId, kind: 'left', uid, bySignKey });
    if (verified.ok && isTimelyNotice(verified.value.epoch, member, position)) {
      left.push({ type: 'member_left', uid, notice });
    }
  }
  return ok(left);
}

/** Of `candidates`, in order, those that the log takes; the last owner, for one, cannot leave. */
function keepSayable(
  { budgetId, identities, replica, corrected }: PeopleDeps,
  position: LogPosition,
  candidates: readonly Statement[],
): readonly Statement[] {
  const { epoch, kid, seq } = position;
  if (!kid) return [];
  const started: Statement = {
    type: 'epoch_started',
    previousEpoch: epoch,
    previousKid: kid,
    previousKey: new Uint8Array(1),
  };
  const said = {
    budgetId,
    seq: seq + 1,
    epoch: epoch + 1,
    author: identities.uid,
    device: replica.outbox.device,
    t: corrected.now(),
  };
  const sayable: Statement[] = [];
  for (const candidate of candidates) {
    const statements = [started, ...sayable, candidate];
    if (foldStatements(position, statements, said)) sayable.push(candidate);
  }
  return sayable;
}
