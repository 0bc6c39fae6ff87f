import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes.js';
import { ROLES, type Role } from '../model/roles.js';
import type { InviteAcceptance, NewInvite } from '../ports/invite-directory.js';
import type { BudgetChange, BudgetDocument, Departure } from '../ports/remote-log.js';
import type { StoredWrap } from '../ports/wrapped-keys.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import {
  copyWrap,
  isNote,
  roleOf,
  type Caller,
  type StoredBudget,
} from './memory-stored-budget.js';

const MAX_MEMBERS = 50;
const MAX_UID_LENGTH = 128;
const MAX_INVITE_MS = 90 * 24 * 60 * 60_000;
const HASH_BYTES = 32;
const KID_BYTES = 32;
const RECIPIENT = /^.{1,128}$/;
const INVITE_ID = /^[0-9a-f]{32}$/;

type Members = BudgetDocument['members'];
/** The budget afterwards; `undefined` where the security rules would deny it. */
type Outcome = StoredBudget | undefined;

/** Changes people, starts an epoch, or both, and stores the notice for whoever is removed. */
export function changeBudget(before: StoredBudget, change: BudgetChange, caller: Caller): Outcome {
  const { epoch, departure } = change;
  const rekey = epoch !== undefined && change.settlesLeaving ? false : before.rekey;
  const members = withRoles(before.members, change.members ?? {});
  const after = { ...before, members, epoch: epoch ?? before.epoch, rekey };
  const touches = change.members !== undefined || epoch !== undefined;
  if (touches && !mayChange(before, after, caller)) return undefined;
  return departure ? recordDeparture(before, after, departure, caller.uid) : after;
}

function withRoles(members: Members, roles: Readonly<Record<string, Role | null>>): Members {
  const changed = new Map<string, Role>(Object.entries(members));
  for (const [uid, role] of Object.entries(roles)) {
    if (role === null) changed.delete(uid);
    else changed.set(uid, role);
  }
  return Object.fromEntries(changed);
}

function mayChange(before: StoredBudget, after: StoredBudget, caller: Caller): boolean {
  if (before.deleted || !areMembers(after.members)) return false;
  const role = roleOf(before, caller.uid);
  const removes = Object.keys(before.members).some((uid) => !roleOf(after, uid));
  if (after.epoch === before.epoch && after.rekey === before.rekey) {
    return role === 'owner' && !removes;
  }
  if (after.rekey || after.epoch !== before.epoch + 1 || !roleOf(after, caller.uid)) return false;
  if (role === 'owner') return caller.signedInRecently || !removes;
  return role === 'editor' && areSame(before.members, after.members);
}

function areMembers(members: Members): boolean {
  const uids = Object.keys(members);
  const roles = Object.values(members);
  return (
    uids.length <= MAX_MEMBERS &&
    uids.join('').length <= MAX_MEMBERS * MAX_UID_LENGTH &&
    roles.every((role) => ROLES.includes(role)) &&
    roles.includes('owner')
  );
}

const areSame = (a: Members, b: Members): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([uid, role]) => roleOf({ members: b }, uid) === role);

function recordDeparture(
  before: StoredBudget,
  after: StoredBudget,
  { uid, notice }: Departure,
  by: string,
): Outcome {
  const isRemoval = roleOf(before, uid) !== undefined && roleOf(after, uid) === undefined;
  if (!isRemoval || !isNote(notice)) return undefined;
  if (by !== uid && roleOf(before, by) !== 'owner') return undefined;
  return { ...after, departures: new Map(before.departures).set(uid, notice.slice()) };
}

export function leaveBudget(before: StoredBudget, notice: Uint8Array, { uid }: Caller): Outcome {
  const members = Object.fromEntries(Object.entries(before.members).filter(([of]) => of !== uid));
  if (before.deleted || !areMembers(members)) return undefined;
  return recordDeparture(before, { ...before, members, rekey: true }, { uid, notice }, uid);
}

export function deleteBudget(before: StoredBudget, tombstone: Uint8Array, caller: Caller): Outcome {
  if (roleOf(before, caller.uid) !== 'owner' || before.deleted) return undefined;
  if (!caller.signedInRecently || !isNote(tombstone)) return undefined;
  return { ...before, deleted: true, tombstone: tombstone.slice() };
}

export function putWraps(
  before: StoredBudget,
  wraps: readonly StoredWrap[],
  { uid }: Pick<Caller, 'uid'>,
): Outcome {
  const role = roleOf(before, uid);
  const stored = new Map(before.wraps);
  for (const wrap of wraps) {
    const mayPut = role === 'owner' || role === 'editor' || (role && wrap.recipient === uid);
    if (!mayPut || !isWrap(wrap)) return undefined;
    stored.set(wrapIdOf(wrap.kid, wrap.recipient), copyWrap(wrap));
  }
  return before.deleted ? undefined : { ...before, wraps: stored };
}

const isWrap = ({ kid, epoch, recipient, wrap }: StoredWrap): boolean =>
  kid.length === KID_BYTES &&
  Number.isSafeInteger(epoch) &&
  epoch >= 1 &&
  RECIPIENT.test(recipient) &&
  isNote(wrap);

export function createInvite(before: StoredBudget, invite: NewInvite, caller: Caller): Outcome {
  const { inviteId, role, expiresAt, accessHash } = invite;
  const leftMs = expiresAt - caller.nowMs;
  const isValid =
    INVITE_ID.test(inviteId) &&
    ROLES.includes(role) &&
    accessHash.length === HASH_BYTES &&
    leftMs > 0 &&
    leftMs <= MAX_INVITE_MS;
  if (roleOf(before, caller.uid) !== 'owner' || before.deleted || !isValid) return undefined;
  if (before.invites.has(inviteId)) return undefined;
  const by = caller.uid;
  const stored = { inviteId, role, expiresAt, accessHash: accessHash.slice(), by, revoked: false };
  return { ...before, invites: new Map(before.invites).set(inviteId, stored) };
}

export function revokeInvite(before: StoredBudget, inviteId: string, { uid }: Caller): Outcome {
  const invite = before.invites.get(inviteId);
  if (!invite || roleOf(before, uid) !== 'owner') return undefined;
  const invites = new Map(before.invites).set(inviteId, { ...invite, revoked: true });
  return { ...before, invites };
}

export function acceptInvite(
  before: StoredBudget,
  { inviteId, role, access, acceptance }: InviteAcceptance,
  { uid, nowMs }: Caller,
): Outcome {
  const invite = before.invites.get(inviteId);
  const members = { ...before.members, [uid]: role };
  if (!invite || before.deleted || roleOf(before, uid) || !areMembers(members)) return undefined;
  const stands =
    invite.usedBy === undefined &&
    !invite.revoked &&
    nowMs < invite.expiresAt &&
    role === invite.role &&
    roleOf(before, invite.by) === 'owner';
  if (!stands || !isNote(acceptance) || !equalBytes(sha256(access), invite.accessHash)) {
    return undefined;
  }
  const used = {
    ...invite,
    usedBy: uid,
    access: access.slice(),
    acceptance: acceptance.slice(),
  };
  return {
    ...before,
    members,
    invite: inviteId,
    invites: new Map(before.invites).set(inviteId, used),
  };
}
