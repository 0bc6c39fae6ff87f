import { verifyAcceptance } from '../crypto/acceptance.js';
import type { BudgetId } from '../model/ids.js';
import type { BudgetDocument } from '../ports/remote-log.js';
import type { StoredInvite } from '../ports/invite-directory.js';
import { JOINING_GRACE_MS } from '../sync/fold-statements.js';
import type { LogPosition } from '../sync/log-position.js';
import type { SecurityEvent } from '../sync/security-event.js';

/** Somebody who accepted an invite, and whom the log does not know yet. */
export interface Joining {
  readonly uid: string;
  readonly inviteId: string;
  readonly acceptance: Uint8Array;
}

/** Where the budget's document, which gates access, says something else than the log. */
export interface PeopleDifference {
  readonly kind: 'not_in_log' | 'not_in_document' | 'other_role';
  readonly uid: string;
}

export function comparePeople(
  { members }: Pick<BudgetDocument, 'members'>,
  position: LogPosition,
): readonly PeopleDifference[] {
  const granted = new Map(Object.entries(members));
  const differences: PeopleDifference[] = [];
  for (const [uid, role] of granted) {
    const member = position.members.get(uid);
    if (!member) differences.push({ kind: 'not_in_log', uid });
    else if (member.role !== role) differences.push({ kind: 'other_role', uid });
  }
  for (const uid of position.members.keys()) {
    if (!granted.has(uid)) differences.push({ kind: 'not_in_document', uid });
  }
  return differences;
}

/**
 * By which of the invites that `uid` used they join; `forged` if one of them is open in the
 * log, and its acceptance was not signed by the invite's key and by the newcomer.
 */
export function findJoining(
  uid: string,
  used: readonly StoredInvite[],
  { invites }: LogPosition,
  { budgetId, nowMs }: { readonly budgetId: BudgetId; readonly nowMs: number },
): Joining | 'forged' | undefined {
  let found: 'forged' | undefined;
  for (const { inviteId, acceptance } of used) {
    const invite = invites.get(inviteId);
    if (!invite || !acceptance || nowMs > invite.expiresAt + JOINING_GRACE_MS) continue;
    const inviteSignKey = invite.keys.sign;
    const verified = verifyAcceptance({ bytes: acceptance, budgetId, inviteId, inviteSignKey });
    if (verified.ok && verified.value.uid === uid) return { uid, inviteId, acceptance };
    found = 'forged';
  }
  return found;
}

const MESSAGES = {
  member_unproven:
    'The server counts somebody as a member whom no owner has let in. They get no key and nothing of theirs is merged: an owner can remove them.',
  invite_not_genuine:
    'Somebody claims to have accepted an invite, without the signature of its link. They get no key and nothing of theirs is merged: an owner can remove them, and whoever runs the project should look into it.',
  role_differs:
    'The server gives a member another role than the owners did. Only what the log allows is merged: ask whoever runs the project.',
  member_missing:
    'The server shuts out a member whom nobody removed. An owner can remove them for good or let them in again: ask whoever runs the project.',
  epoch_jumped:
    'The server names a key far beyond the one in use, and so keeps everybody from writing: ask whoever runs the project.',
  epoch_rolled_back:
    'The server names an earlier key than the one in use. Nothing is sealed under the earlier one: ask whoever runs the project.',
} as const;

export const peopleEvent = (kind: keyof typeof MESSAGES, seq: number): SecurityEvent => ({
  kind,
  seq,
  message: MESSAGES[kind],
});
