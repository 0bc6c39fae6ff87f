import { readNoticeAuthor, verifyNotice, type NoticeKind } from '../crypto/notice.js';
import type { RemoteError } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import type { MembershipEnd } from '../sync/standing.js';
import { ownIdentity, positionOf, type PeopleDeps } from './people-deps.js';

/**
 * Why this user may not even read any more, if an owner, or the user, has signed it. What
 * nobody has signed is a server's claim, which an hour later may be another.
 */
export async function explainDenial(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<MembershipEnd | undefined, RemoteError>> {
  const { remote, identities } = deps;
  const departure = await remote.exits.readDeparture(identities.uid, signal);
  if (!departure.ok && departure.error.kind !== 'denied') return departure;
  const notice = departure.ok ? departure.value : undefined;
  if (notice) {
    for (const kind of ['removed', 'left'] as const) {
      const by = verifyExit(deps, notice, kind, identities.uid);
      if (by !== undefined) return ok({ kind, by });
    }
  }
  const budget = await remote.log.readBudget(signal);
  if (!budget.ok) return budget.error.kind === 'denied' ? ok(undefined) : budget;
  if (!budget.value.deleted) return ok(undefined);
  const { tombstone } = budget.value;
  const author = readNoticeAuthor(tombstone);
  const by = author.ok ? verifyExit(deps, tombstone, 'deleted', author.value) : undefined;
  if (by !== undefined) return ok({ kind: 'deleted', by });
  deps.replica.security.tell({
    kind: 'deletion_unproven',
    seq: positionOf(deps).seq,
    message:
      'The server says that the budget is deleted, and no owner known here has signed that: keep this copy, and ask an owner.',
  });
  return ok(undefined);
}

/** Who signed it, if that is somebody who may say so. */
function verifyExit(
  deps: PeopleDeps,
  bytes: Uint8Array,
  kind: NoticeKind,
  uid: string,
): string | undefined {
  const { budgetId } = deps;
  const author = readNoticeAuthor(bytes);
  if (!author.ok) return undefined;
  const bySignKey = signKeyOf(deps, author.value, kind);
  if (!bySignKey) return undefined;
  const verified = verifyNotice({ bytes, budgetId, kind, uid, bySignKey });
  // One of an earlier membership was followed by a new epoch.
  return verified.ok && verified.value.epoch >= positionOf(deps).epoch
    ? verified.value.by
    : undefined;
}

function signKeyOf(deps: PeopleDeps, by: string, kind: NoticeKind): Uint8Array | undefined {
  const { members, seq } = positionOf(deps);
  const isSelf = by === deps.identities.uid;
  // A device that has read nothing yet knows its own user only.
  if (isSelf && seq === 0) return ownIdentity(deps).publicKeys.sign;
  const member = members.get(by);
  const maySay = kind === 'left' ? isSelf : member?.role === 'owner';
  return maySay ? member?.keys.sign : undefined;
}
