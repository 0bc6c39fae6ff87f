import { makeAcceptance } from '../crypto/acceptance.js';
import { equalBytes } from '../bytes.js';
import { fingerprintOf } from '../crypto/fingerprint.js';
import type { InviteLink } from '../crypto/invite-fragment.js';
import type { Member } from '../model/people.js';
import { mayWrite } from '../model/roles.js';
import { ok, type Result } from '../result.js';
import { refuse, type SyncFailure } from '../sync/sync-failure.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';

/**
 * Has the log take up a newcomer whom the rules have let in already. A viewer cannot append:
 * a member's device does it for them. Answers with the number of entries appended.
 */
export async function finishJoining(
  deps: PeopleDeps,
  link: InviteLink,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { budgetId, identities, session } = deps;
  if (ownMember(deps)) return ok(0);
  const { inviteId } = link.invite;
  const checked = checkInviter(deps, link);
  if (!checked.ok) return checked;
  const acceptance = makeAcceptance({
    budgetId,
    invite: link.invite,
    identity: identities.newest,
  });
  return session.append(({ members, invites }) => {
    if (members.has(identities.uid)) return ok(undefined);
    const invite = invites.get(inviteId);
    if (!invite) {
      const message = 'The invite was revoked or ran out before you had joined: ask for a new one.';
      return refuse('invite_revoked', message);
    }
    if (!mayWrite(invite.role)) return ok(undefined);
    return ok({
      bodies: [{ edits: [], statements: [{ type: 'joined', inviteId, acceptance }] }],
      joins: true,
    });
  }, signal);
}

/** The link was made by who it seems to come from, as the log knows them. */
function checkInviter(
  deps: PeopleDeps,
  { invite, inviterFingerprint, head }: InviteLink,
): Result<void, SyncFailure> {
  const { members, invites, seq } = positionOf(deps);
  if (seq === 0) {
    return refuse('access_denied', 'The budget cannot be read yet: joining goes on once it can.');
  }
  const by = invites.get(invite.inviteId)?.by ?? '';
  const inviter = members.get(by);
  if (seq >= head.seq && !(inviter && isOther(by, inviter, inviterFingerprint))) return ok();
  const message =
    'The server shows another history of this budget than your inviter has: compare with them.';
  deps.replica.security.tell({ kind: 'fork', seq, message });
  return refuse('not_genuine', message);
}

/** An inviter who has replaced their keys since is vouched for by the log alone. */
const isOther = (
  uid: string,
  { keys, identityVersion }: Member,
  fingerprint: Uint8Array,
): boolean =>
  identityVersion === 1 && !equalBytes(fingerprintOf({ uid, publicKeys: keys }), fingerprint);
