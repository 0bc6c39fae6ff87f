import { makeAcceptance } from '../crypto/acceptance.js';
import { parseInviteFragment, type InviteLink } from '../crypto/invite-fragment.js';
import { MAX_MEMBERS } from '../model/membership.js';
import type { StoredInvite } from '../ports/invite-directory.js';
import type { Random } from '../ports/random.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import { ok, type Result } from '../result.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import { refuse, type SyncFailure } from '../sync/sync-failure.js';
import { sealOwnPin } from './own-pin.js';

export interface AcceptInviteDeps {
  readonly identities: OwnIdentities;
  readonly remote: RemoteBudget;
  readonly random: Random;
}

/** The fragment of a link, with or without what is in front of it; apps without types pass anything. */
export function readInviteLink(
  link: unknown,
): Result<InviteLink & { fragment: string }, SyncFailure> {
  if (typeof link !== 'string') return refuse('bad_input', 'An invite link is a string.');
  const fragment = link.slice(link.indexOf('#') + 1).trim();
  const parsed = parseInviteFragment(fragment);
  if (parsed.ok) return ok({ ...parsed.value, fragment });
  const { kind, message } = parsed.error;
  return kind === 'upgrade_required'
    ? refuse('upgrade_required', `${message} Update the app.`)
    : refuse('invite_malformed', `${message} Ask for it again, and copy all of it.`);
}

/**
 * Has the rules let this user in. What was done before counts: the same user may open the
 * same link again until the log knows them.
 */
export async function acceptInvite(
  { identities, remote, random }: AcceptInviteDeps,
  link: InviteLink & { readonly fragment: string },
  signal?: AbortSignal,
): Promise<Result<void, SyncFailure>> {
  const { budgetId, invite, genesisHash, fragment } = link;
  const { inviteId } = invite;
  const read = await remote.invites.read(inviteId, signal);
  if (!read.ok) return read;
  const budget = await remote.log.readBudget(signal);
  if (!budget.ok && budget.error.kind !== 'denied') return budget;
  if (budget.ok && budget.value.deleted) return budgetDeleted();
  const isIn = budget.ok;
  const stored = read.value;
  if (!stored) return isIn ? alreadyMember() : unknownInvite();
  if (isIn) return stored.usedBy === identities.uid ? ok() : alreadyMember();
  const refused = judgeInvite(stored);
  if (refused) return refused;
  const identity = identities.newest;
  const accepted = await remote.invites.accept(
    {
      inviteId,
      role: stored.role,
      access: invite.accessValue(),
      acceptance: makeAcceptance({ budgetId, invite, identity }),
      pin: sealOwnPin(budgetId, identities, { genesisHash, inviteFragment: fragment }, random),
    },
    signal,
  );
  if (accepted.ok || accepted.error.kind !== 'denied') return accepted;
  return explainRefusal(remote, inviteId, identities.uid, signal);
}

function judgeInvite({ usedBy, revoked }: StoredInvite): Result<never, SyncFailure> | undefined {
  if (usedBy !== undefined) {
    return refuse('invite_used', 'This invite has been used: ask for a new one.');
  }
  return revoked ? inviteRevoked() : undefined;
}

/** The rules do not tell why. */
async function explainRefusal(
  remote: RemoteBudget,
  inviteId: string,
  uid: string,
  signal?: AbortSignal,
): Promise<Result<void, SyncFailure>> {
  const read = await remote.invites.read(inviteId, signal);
  if (!read.ok) return read;
  if (!read.value) return unknownInvite();
  // The answer to an earlier attempt got lost.
  if (read.value.usedBy === uid) return ok();
  const refused = judgeInvite(read.value);
  if (refused) return refused;
  const serverTime = await remote.log.serverTime(signal);
  if (!serverTime.ok) return serverTime;
  return read.value.expiresAt <= serverTime.value
    ? refuse('invite_expired', 'This invite has run out: ask for a new one.')
    : refuse(
        'invite_revoked',
        `This invite was taken back, its maker is no owner any more, or the budget has ${String(MAX_MEMBERS)} members already.`,
      );
}

const inviteRevoked = (): Result<never, SyncFailure> =>
  refuse('invite_revoked', 'This invite was taken back, or its maker is no owner any more.');

const unknownInvite = (): Result<never, SyncFailure> =>
  refuse('invite_unknown', 'There is no such invite: its budget may have been deleted.');

const alreadyMember = (): Result<never, SyncFailure> =>
  refuse('already_member', 'This user is in the budget already: open it.');

const budgetDeleted = (): Result<never, SyncFailure> =>
  refuse('budget_deleted', 'The budget of this invite has been deleted.');
