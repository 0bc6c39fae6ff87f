import {
  MAX_LISTED_INVITES,
  type InviteAcceptance,
  type InviteDirectory,
  type NewInvite,
  type StoredInvite,
} from '../ports/invite-directory.js';
import type { RemoteError } from '../ports/remote-log.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { ok, type Result } from '../result.js';
import { fail, type MemoryAccess } from './memory-access.js';
import { acceptInvite, createInvite, revokeInvite } from './memory-people-rules.js';
import { isNote, type MemoryInvite } from './memory-stored-budget.js';

/** One person's access to one budget's invites in memory. */
export class MemoryInvites implements InviteDirectory {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  create(invite: NewInvite, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const copy = { ...invite, accessHash: invite.accessHash.slice() };
    this.#access.add({ writes: 1, rulesReads: RULES_READS.createInvite });
    return this.#access.write(
      'createInvite',
      (before, caller) => createInvite(before, copy, caller),
      signal,
    );
  }

  read(
    inviteId: string,
    signal?: AbortSignal,
  ): Promise<Result<StoredInvite | undefined, RemoteError>> {
    const access = this.#access;
    const apply = (): Result<StoredInvite | undefined, RemoteError> => {
      access.add({ reads: 1 });
      const invite = access.stored?.invites.get(inviteId);
      return ok(invite && publicPartOf(invite));
    };
    access.add({ rulesReads: RULES_READS.readInvite });
    return access.call('readInvite', apply, signal);
  }

  listUsedBy(
    uid: string,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredInvite[], RemoteError>> {
    const access = this.#access;
    const apply = (): Result<readonly StoredInvite[], RemoteError> => {
      if (!access.mayRead) return fail('listInvites', 'denied');
      const found = [...(access.stored?.invites.values() ?? [])]
        .filter(({ usedBy }) => usedBy === uid)
        .slice(0, MAX_LISTED_INVITES);
      access.add({ reads: found.length });
      // Nothing at all is asked for once more.
      if (found.length === 0) access.add({ reads: 2, rulesReads: RULES_READS.listInvites });
      return ok(found.map(publicPartOf));
    };
    access.add({ rulesReads: RULES_READS.listInvites });
    return access.call('listInvites', apply, signal);
  }

  accept(
    { inviteId, role, access: value, acceptance, pin }: InviteAcceptance,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const access = this.#access;
    const copies = { access: value.slice(), acceptance: acceptance.slice(), pin: pin.slice() };
    const wanted = { inviteId, role, ...copies };
    const apply = (): Result<void, RemoteError> => {
      const before = isNote(wanted.pin) ? access.stored : undefined;
      const after = before && acceptInvite(before, wanted, access.caller);
      const stored = access.store('acceptInvite', after);
      if (stored.ok) access.storePin(wanted.pin);
      return stored;
    };
    access.add({ writes: 3, rulesReads: RULES_READS.acceptInvite });
    return access.call('acceptInvite', apply, signal);
  }

  revoke(inviteId: string, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    this.#access.add({ writes: 1, rulesReads: RULES_READS.revokeInvite });
    return this.#access.write(
      'revokeInvite',
      (before, caller) => revokeInvite(before, inviteId, caller),
      signal,
    );
  }
}

/** An invite without its access value, which no reader is given. */
const publicPartOf = (invite: MemoryInvite): StoredInvite => ({
  inviteId: invite.inviteId,
  role: invite.role,
  by: invite.by,
  expiresAt: invite.expiresAt,
  revoked: invite.revoked,
  ...(invite.usedBy === undefined ? {} : { usedBy: invite.usedBy }),
  ...(invite.acceptance ? { acceptance: invite.acceptance.slice() } : {}),
});
