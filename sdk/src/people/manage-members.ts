import { equalBytes } from '../bytes.js';
import { fingerprintOf } from '../crypto/fingerprint.js';
import { makeNotice } from '../crypto/notice.js';
import { MAX_MEMBERS, type Statement } from '../model/membership.js';
import { hasOwner, withMember, withoutMember } from '../model/people.js';
import type { Role } from '../model/roles.js';
import type { StoredInvite } from '../ports/invite-directory.js';
import { ok, type Result } from '../result.js';
import type { LogPosition } from '../sync/log-position.js';
import { refuse, type Refused, type SyncFailure } from '../sync/sync-failure.js';
import { wrapCurrentKey } from './mend-wraps.js';
import { takeUpAll } from './find-joiners.js';
import { ownIdentity, positionOf, type PeopleDeps } from './people-deps.js';
import { startEpoch, type EpochPurpose } from './start-epoch.js';

/** Adds a user whose fingerprint they told in person. */
export async function addMember(
  deps: PeopleDeps,
  { uid, role, fingerprint }: { uid: string; role: Role; fingerprint: Uint8Array },
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const budget = await deps.remote.log.readBudget(signal);
  if (!budget.ok) return budget;
  // The rules count those who are still joining as well, and do not say why they refuse.
  const { members } = budget.value;
  if (!Object.hasOwn(members, uid) && Object.keys(members).length >= MAX_MEMBERS) {
    return refuse('too_large', `A budget has at most ${String(MAX_MEMBERS)} members.`);
  }
  const published = await deps.users.readKeys(uid, signal);
  if (!published.ok) return published;
  const keys = published.value;
  if (!keys) {
    return refuse('bad_input', 'That user has not published an identity: publishIdentity() first.');
  }
  if (!equalBytes(fingerprintOf({ uid, publicKeys: keys }), fingerprint)) {
    const message =
      'The published keys of that user are not the ones that their device showed; nobody was added. Compare the fingerprint again; if it is right, ask whoever runs the project.';
    const { seq } = positionOf(deps);
    deps.replica.security.tell({ kind: 'published_keys_differ', seq, message });
    return refuse('not_genuine', message);
  }
  const appended = await deps.session.append((position) => {
    const owner = requireOwner(deps, position);
    if (!owner.ok) return owner;
    const known = position.members.get(uid);
    if (known) {
      const isSame = known.role === role && equalBytes(known.keys.sign, keys.sign);
      if (isSame) return ok(undefined);
      return refuse('already_member', 'That user is a member: use changeRole().');
    }
    const statement: Statement = { type: 'member_added', uid, role, keys };
    return ok({
      bodies: [{ edits: [], statements: [statement] }],
      change: { members: { [uid]: role } },
    });
  }, signal);
  if (!appended.ok) return appended;
  const wrapped = await wrapCurrentKey(deps, [{ uid, box: keys.box }], signal);
  return wrapped.ok ? appended : wrapped;
}

export async function changeRole(
  deps: PeopleDeps,
  { uid, role }: { readonly uid: string; readonly role: Role },
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const invites = invitesOf(deps, uid);
  if (role !== 'owner' && invites.length > 0) {
    const joined = await takeUpAll(deps, uid, signal);
    if (!joined.ok) return joined;
  }
  const changed = await deps.session.append((position) => {
    const member = position.members.get(uid);
    if (member?.role === role) return ok(undefined);
    const owner = requireOwner(deps, position);
    if (!owner.ok) return owner;
    if (!member) return refuse('bad_input', 'That user is no member of the budget.');
    if (!hasOwner(withMember(position, uid, { ...member, role }).members)) return lastOwner();
    return ok({
      bodies: [{ edits: [], statements: [{ type: 'role_changed', uid, role }] }],
      change: { members: { [uid]: role } },
    });
  }, signal);
  return changed.ok && role !== 'owner' ? closeInvites(deps, invites, changed, signal) : changed;
}

/** Takes somebody out, with a new key for those who stay. */
export async function removeMember(
  deps: PeopleDeps,
  uid: string,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const invites = invitesOf(deps, uid);
  const joined = await takeUpAll(deps, uid, signal);
  if (!joined.ok) return joined;
  // Without a trace in the log, only the new key tells that it is done.
  const { epoch: before } = positionOf(deps);
  const removed = await startEpoch(
    deps,
    async (position) => {
      const budget = await deps.remote.log.readBudget(signal);
      if (!budget.ok) return budget;
      const isGranted = Object.hasOwn(budget.value.members, uid);
      const isMember = position.members.has(uid);
      if (!isMember && !(isGranted && position.epoch === before)) return ok(undefined);
      const owner = requireOwner(deps, position);
      if (!owner.ok) return owner;
      if (!hasOwner(withoutMember(position, uid).members)) return lastOwner();
      const used = await deps.remote.invites.listUsedBy(uid, signal);
      return used.ok ? ok(purposeOfRemoval(deps, position, uid, isGranted, used.value)) : used;
    },
    signal,
  );
  return removed.ok ? closeInvites(deps, invites, removed, signal) : removed;
}

function purposeOfRemoval(
  deps: PeopleDeps,
  position: LogPosition,
  uid: string,
  isGranted: boolean,
  used: readonly StoredInvite[],
): EpochPurpose {
  const { budgetId } = deps;
  const { epoch, members, invites } = position;
  const by = ownIdentity(deps);
  const notice = makeNotice({ kind: 'removed', budgetId, uid, by, epoch });
  const removed: readonly Statement[] = members.has(uid) ? [{ type: 'member_removed', uid }] : [];
  // Accepted, and not in the log yet: nobody shall take them up later.
  const revoked = used
    .filter(({ inviteId }) => invites.get(inviteId)?.by !== uid && invites.has(inviteId))
    .map(({ inviteId }): Statement => ({ type: 'invite_revoked', inviteId }));
  return {
    statements: [...removed, ...revoked],
    change: { members: { [uid]: null }, ...(isGranted ? { departure: { uid, notice } } : {}) },
  };
}

/** The ids of the open invites that somebody has made. */
const invitesOf = (deps: PeopleDeps, uid: string): readonly string[] =>
  [...positionOf(deps).invites].filter(([, { by }]) => by === uid).map(([inviteId]) => inviteId);

/** The rules would let somebody in by them again if their maker became an owner again. */
async function closeInvites(
  { remote }: PeopleDeps,
  inviteIds: readonly string[],
  done: Result<number, SyncFailure>,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  for (const inviteId of inviteIds) {
    const revoked = await remote.invites.revoke(inviteId, signal);
    if (!revoked.ok && revoked.error.kind !== 'denied') return revoked;
  }
  return done;
}

/** Replaces the key now. */
export function rotateKey(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { epoch } = positionOf(deps);
  return startEpoch(
    deps,
    (position) => {
      if (position.epoch > epoch) return ok(undefined);
      const owner = requireOwner(deps, position);
      return owner.ok ? ok({ statements: [] }) : owner;
    },
    signal,
  );
}

export function requireOwner(
  { identities }: Pick<PeopleDeps, 'identities'>,
  { members }: LogPosition,
): Result<void, Refused> {
  return members.get(identities.uid)?.role === 'owner'
    ? ok()
    : refuse('access_denied', 'Only an owner of the budget may do that.');
}

export const lastOwner = (): Result<never, Refused> =>
  refuse(
    'last_owner',
    'The budget would be without an owner: make somebody else one first, or delete it.',
  );
