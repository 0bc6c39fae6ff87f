import { equalBytes } from '../bytes.js';
import { verifyAcceptance } from '../crypto/acceptance.js';
import type { FrameHeader } from '../crypto/frame-header.js';
import { verifyIdentityRotation } from '../crypto/identity-rotation.js';
import { verifyNotice } from '../crypto/notice.js';
import { readPublicKeys } from '../crypto/public-keys.js';
import {
  isDigestStatement,
  type DigestStatement,
  type PublicKeys,
  type Statement,
} from '../model/membership.js';
import {
  hasOwner,
  withDevice,
  withInvite,
  withMember,
  withoutInvite,
  withoutInvitesOf,
  withoutMember,
  withoutOldInvites,
  type Member,
  type People,
} from '../model/people.js';
import { mayWrite, type Role } from '../model/roles.js';
import type { LogPosition } from './log-position.js';

/** What an entry's header says that its statements are judged by. */
export type StatementContext = Pick<
  FrameHeader,
  'budgetId' | 'seq' | 'epoch' | 'author' | 'device' | 't'
>;

/**
 * Joining may be logged this long after the invite ran out: the newcomer accepted it in time,
 * and somebody who may write has to come by.
 */
export const JOINING_GRACE_MS: number = 30 * 24 * 60 * 60_000;

/** How far one entry may raise the epoch, so that nobody can use up all of them. */
export const MAX_EPOCH_STEP = 1_000;

/**
 * The people behind an entry, or `undefined` if its author may not say what it says. The
 * first entry makes an owner of its author; an invite's key speaks for a newcomer; what
 * takes somebody out comes with a new epoch; there is always an owner.
 */
export function foldStatements(
  before: LogPosition,
  statements: readonly Statement[],
  entry: StatementContext,
): People | undefined {
  const startsEpoch = before.seq > 0 && entry.epoch > before.epoch;
  if (startsEpoch !== (statements[0]?.type === 'epoch_started')) return undefined;
  if (entry.epoch - before.epoch > MAX_EPOCH_STEP) return undefined;
  let people = registerDevice(before, entry);
  // An old link must not open new keys.
  if (startsEpoch) people = withoutOldInvites(people, entry.t - JOINING_GRACE_MS);
  for (const [index, statement] of statements.entries()) {
    if (isDigestStatement(statement)) {
      // Whoever reads a snapshot goes by people alone, and must miss nothing by it.
      if (statements.length > 1 || !isTimelyDigest(before, statement)) return undefined;
      continue;
    }
    if (statement.type === 'epoch_started') {
      if (index > 0 || !replacesKey(before, statement)) return undefined;
      continue;
    }
    if (!startsEpoch && NEEDS_EPOCH.has(statement.type)) return undefined;
    const folded = foldStatement(people, statement, before, entry);
    if (!folded) return undefined;
    people = folded;
  }
  return statements.length === 0 || hasOwner(people.members) ? people : undefined;
}

/** Whoever has the old key, or the old private keys, must not read what follows. */
const NEEDS_EPOCH: ReadonlySet<Statement['type']> = new Set([
  'member_removed',
  'member_left',
  'identity_rotated',
]);

/** A dispute is about a digest that was stated. */
const isTimelyDigest = (before: LogPosition, statement: DigestStatement): boolean =>
  statement.type === 'state_digest' || statement.seq <= before.digests.seq;

/** Remembers whose device it is, so that nobody else can use up its counters. */
function registerDevice(before: LogPosition, { device, author }: StatementContext): People {
  return before.devices.has(device) ? before : withDevice(before, device, { author });
}

function replacesKey(
  before: LogPosition,
  statement: Extract<Statement, { type: 'epoch_started' }>,
): boolean {
  return (
    statement.previousEpoch === before.epoch &&
    before.kid !== undefined &&
    equalBytes(statement.previousKid, before.kid)
  );
}

function foldStatement(
  people: People,
  statement: Exclude<Statement, DigestStatement | { type: 'epoch_started' }>,
  before: LogPosition,
  entry: StatementContext,
): People | undefined {
  const { author } = entry;
  const self = people.members.get(author);
  const isOwner = self?.role === 'owner';
  switch (statement.type) {
    case 'genesis':
      return entry.seq === 1 && people.members.size === 0
        ? admit(people, author, 'owner', statement.keys, entry)
        : undefined;
    case 'member_added':
      return isOwner
        ? admit(people, statement.uid, statement.role, statement.keys, entry)
        : undefined;
    case 'member_removed':
      return isOwner && people.members.has(statement.uid)
        ? withoutMember(people, statement.uid)
        : undefined;
    case 'role_changed':
      return isOwner ? changeRole(people, statement) : undefined;
    case 'member_left':
      return leave(people, statement, before, entry);
    case 'invite_created':
      return isOwner ? createInvite(people, statement, author) : undefined;
    case 'invite_revoked':
      return isOwner && people.invites.has(statement.inviteId)
        ? withoutInvite(people, statement.inviteId)
        : undefined;
    case 'joined':
      return join(people, statement, entry);
    case 'identity_rotated':
      return rotateIdentity(people, statement, author);
    case 'device_named':
      return withDevice(people, entry.device, {
        ...people.devices.get(entry.device),
        author,
        name: statement.name,
      });
    case 'device_revoked': {
      const device = people.devices.get(statement.device);
      const mayRevoke = device && (isOwner || device.author === author);
      if (!mayRevoke || statement.device === entry.device) return undefined;
      return withDevice(people, statement.device, { ...device, revoked: true });
    }
  }
}

function admit(
  people: People,
  uid: string,
  role: Role,
  { sign, box }: PublicKeys,
  { epoch: sinceEpoch }: StatementContext,
): People | undefined {
  const keys = readPublicKeys(sign, box);
  if (people.members.has(uid) || !keys) return undefined;
  return withMember(people, uid, { role, keys, identityVersion: 1, sinceEpoch });
}

function changeRole(
  people: People,
  { uid, role }: Extract<Statement, { type: 'role_changed' }>,
): People | undefined {
  const member = people.members.get(uid);
  if (!member || member.role === role) return undefined;
  const changed = withMember(people, uid, { ...member, role });
  return role === 'owner' ? changed : withoutInvitesOf(changed, uid);
}

function leave(
  people: People,
  { uid, notice }: Extract<Statement, { type: 'member_left' }>,
  before: LogPosition,
  { budgetId }: StatementContext,
): People | undefined {
  const leaver = people.members.get(uid);
  if (!leaver) return undefined;
  const bySignKey = leaver.keys.sign;
  const verified = verifyNotice({ bytes: notice, budgetId, kind: 'left', uid, bySignKey });
  return verified.ok && isTimelyNotice(verified.value.epoch, leaver, before)
    ? withoutMember(people, uid)
    : undefined;
}

/**
 * Whether who signed at `epoch` that they leave does so now: not in an earlier stay, and not in
 * an attempt long ago that failed. The leaver may not have seen the newest epoch yet.
 */
export const isTimelyNotice = (
  epoch: number,
  { sinceEpoch }: Member,
  before: Pick<LogPosition, 'epoch' | 'previousEpoch'>,
): boolean => epoch >= sinceEpoch && epoch >= before.previousEpoch;

function createInvite(
  people: People,
  { inviteId, role, expiresAt, keys }: Extract<Statement, { type: 'invite_created' }>,
  by: string,
): People | undefined {
  const usable = readPublicKeys(keys.sign, keys.box);
  if (people.invites.has(inviteId) || !usable) return undefined;
  return withInvite(people, inviteId, { role, by, expiresAt, keys: usable });
}

/** Said by the newcomer, or by a member on behalf of one who may not write. */
function join(
  people: People,
  { inviteId, acceptance }: Extract<Statement, { type: 'joined' }>,
  entry: StatementContext,
): People | undefined {
  const { budgetId, author, t } = entry;
  const invite = people.invites.get(inviteId);
  if (!invite || t > invite.expiresAt + JOINING_GRACE_MS) return undefined;
  const inviteSignKey = invite.keys.sign;
  const verified = verifyAcceptance({ bytes: acceptance, budgetId, inviteId, inviteSignKey });
  if (!verified.ok) return undefined;
  const { uid, publicKeys } = verified.value;
  const speaker = people.members.get(author);
  if (author !== uid && !(speaker && mayWrite(speaker.role))) return undefined;
  return admit(withoutInvite(people, inviteId), uid, invite.role, publicKeys, entry);
}

function rotateIdentity(
  people: People,
  { rotation }: Extract<Statement, { type: 'identity_rotated' }>,
  uid: string,
): People | undefined {
  const member = people.members.get(uid);
  if (!member) return undefined;
  const verified = verifyIdentityRotation(rotation, { uid, publicKeys: member.keys });
  if (!verified.ok || verified.value.identityVersion <= member.identityVersion) return undefined;
  const { publicKeys: keys, identityVersion } = verified.value;
  return withMember(people, uid, { ...member, keys, identityVersion });
}
