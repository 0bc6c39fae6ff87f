import { bytesToHex } from '@noble/hashes/utils.js';
import { fingerprintOf } from '../crypto/fingerprint.js';
import { encodeInviteFragment } from '../crypto/invite-fragment.js';
import { Redacted } from '../crypto/redaction.js';
import { generateInviteSecret, inviteRecipient } from '../crypto/invite-secret.js';
import type { Role } from '../model/roles.js';
import { err, ok, type Result } from '../result.js';
import { refuse, type SyncFailure } from '../sync/sync-failure.js';
import { requireOwner } from './manage-members.js';
import { wrapCurrentKey } from './mend-wraps.js';
import { ownIdentity, positionOf, type PeopleDeps } from './people-deps.js';

/**
 * An invite that was just made. Its link is a secret, and shows only when asked for: whoever
 * has it may use it, once.
 */
export class Invite extends Redacted {
  readonly inviteId: string;
  /** In ms since the Unix epoch. */
  readonly expiresAt: number;
  readonly #link: string;

  constructor(inviteId: string, expiresAt: number, link: string) {
    super();
    this.inviteId = inviteId;
    this.expiresAt = expiresAt;
    this.#link = link;
  }

  /** The app's address with the secret in its fragment, which browsers send to nobody. */
  get link(): string {
    return this.#link;
  }

  override toString(): string {
    return `[Invite inviteId=${this.inviteId}]`;
  }
}

/** The longest that the rules let an invite stand: 90 days. */
export const MAX_INVITE_MS: number = 90 * 24 * 60 * 60_000;

/**
 * The log is told of the invite first, then the key is wrapped for it, and the document that
 * lets somebody in comes last: stopped in between, nobody can use what is there.
 */
export async function createInvite(
  deps: PeopleDeps,
  { role, expiresInMs }: { readonly role: Role; readonly expiresInMs: number },
  signal?: AbortSignal,
): Promise<Result<{ readonly invite: Invite; readonly appended: number }, SyncFailure>> {
  const { budgetId, random, corrected, remote, replica, settings } = deps;
  // The rules go by the server's clock, to the millisecond.
  const serverTime = await remote.log.serverTime(signal);
  if (!serverTime.ok) return serverTime;
  corrected.correct(serverTime.value);
  const secret = generateInviteSecret(random);
  const { inviteId, accessHash } = secret;
  const expiresAt = corrected.now() + expiresInMs;
  const keys = secret.identity.publicKeys;
  const appended = await deps.session.append((position) => {
    if (position.invites.has(inviteId)) return ok(undefined);
    const owner = requireOwner(deps, position);
    if (!owner.ok) return owner;
    const statement = { type: 'invite_created', inviteId, role, expiresAt, keys } as const;
    return ok({ bodies: [{ edits: [], statements: [statement] }] });
  }, signal);
  if (!appended.ok) return appended;
  const recipient = { uid: inviteRecipient(inviteId), box: keys.box };
  const wrapped = await wrapCurrentKey(deps, [recipient], signal);
  if (!wrapped.ok) return wrapped;
  const created = await remote.invites.create({ inviteId, role, expiresAt, accessHash }, signal);
  if (!created.ok) return created;
  const { genesisHash } = replica.confirmed;
  if (!genesisHash) return err({ kind: 'failed', message: 'The log has not been read yet.' });
  const { uid, publicKeys } = ownIdentity(deps);
  const { seq, hash } = positionOf(deps);
  const fragment = encodeInviteFragment({
    budgetId,
    invite: secret,
    genesisHash,
    inviterFingerprint: fingerprintOf({ uid, publicKeys }),
    head: { seq, head8: bytesToHex(hash.subarray(0, 8)) },
  });
  secret.wipe();
  const link = `${settings.inviteUrl ?? ''}#${fragment}`;
  return ok({ invite: new Invite(inviteId, expiresAt, link), appended: appended.value });
}

/** Gates the invite first; the log forgets it then, unless somebody was faster. */
export async function revokeInvite(
  deps: PeopleDeps,
  inviteId: string,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const owner = requireOwner(deps, positionOf(deps));
  if (!owner.ok) return owner;
  const { invites } = deps.remote;
  const stored = await invites.read(inviteId, signal);
  if (!stored.ok) return stored;
  if (stored.value) {
    const revoked = await invites.revoke(inviteId, signal);
    if (!revoked.ok) return revoked;
    const read = await invites.read(inviteId, signal);
    if (!read.ok) return read;
    if (read.value?.usedBy !== undefined) {
      return refuse('invite_used', 'Somebody has accepted this invite: remove them instead.');
    }
  }
  return deps.session.append((position) => {
    if (!position.invites.has(inviteId)) return ok(undefined);
    const owns = requireOwner(deps, position);
    if (!owns.ok) return owns;
    return ok({ bodies: [{ edits: [], statements: [{ type: 'invite_revoked', inviteId }] }] });
  }, signal);
}
