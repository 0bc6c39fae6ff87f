import { hexToBytes } from '@noble/hashes/utils.js';
import { isName } from '../codec/value.js';
import { safetyNumber } from '../crypto/fingerprint.js';
import { SealsyncError } from '../errors.js';
import { isDeviceId, type DeviceId } from '../model/ids.js';
import { MAX_UID_LENGTH, type PublicKeys } from '../model/membership.js';
import type { Member, OpenInvite } from '../model/people.js';
import { ROLES, type Role } from '../model/roles.js';
import { ok, type Result } from '../result.js';
import { refuse, toSealsyncError, type SyncFailure } from '../sync/sync-failure.js';
import { deleteBudget, leaveBudget } from './leave-budget.js';
import { createInvite, MAX_INVITE_MS, revokeInvite, type Invite } from './manage-invites.js';
import { addMember, changeRole, removeMember, requireOwner, rotateKey } from './manage-members.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { rotateIdentityIn, type IdentityChange } from './rotate-identity.js';
import type { VerifiedMembers } from './verified-members.js';

export interface MemberView {
  readonly role: Role;
  readonly keys: PublicKeys;
  /** Whether this device's user has compared the safety number with them. */
  readonly verified: boolean;
}

export type InviteView = Omit<OpenInvite, 'keys'>;

export interface DeviceView {
  readonly id: DeviceId;
  /** Firebase uid of its user. */
  readonly uid: string;
  readonly name?: string;
  readonly revoked: boolean;
  /** Whether it is the one that this code runs on. */
  readonly isThis: boolean;
}

type PeopleWork = (signal: AbortSignal) => Promise<Result<number, SyncFailure>>;

/**
 * The people of one budget, as its verified log has them. What changes them needs the server,
 * resolves once it counts for everybody, and may be called again after a failure: what was
 * done already is not done twice. Everything throws {@link SealsyncError}, `access_denied`
 * where only owners may do it.
 */
export class BudgetPeople {
  readonly #deps: PeopleDeps;
  readonly #verified: VerifiedMembers;

  constructor(deps: PeopleDeps, verified: VerifiedMembers) {
    this.#deps = deps;
    this.#verified = verified;
  }

  /** By Firebase uid. Empty until the log has been read. */
  members(): ReadonlyMap<string, MemberView> {
    const members = [...positionOf(this.#deps).members].map(([uid, member]) => {
      const { role, keys } = member;
      return [uid, { role, keys, verified: this.#verified.has(uid, member) }] as const;
    });
    return new Map(members);
  }

  /** Whether somebody let this user in whom the log does not know yet: reading works already. */
  get isJoining(): boolean {
    return ownMember(this.#deps) === undefined;
  }

  /**
   * Makes a link that lets one person in, within `expiresInMs` (at most 90 days). Nobody has
   * to approve. Send it to that person alone; compare safety numbers afterwards.
   */
  async createInvite(options: {
    readonly role: Role;
    readonly expiresInMs: number;
  }): Promise<Invite> {
    requireOptions(options);
    requireRole(options.role);
    const { expiresInMs } = options;
    if (!Number.isSafeInteger(expiresInMs) || expiresInMs < 1 || expiresInMs > MAX_INVITE_MS) {
      throw new SealsyncError('bad_input', 'An invite stands for 1 ms to 90 days.');
    }
    const made: { invite?: Invite } = {};
    await this.#change(async (signal) => {
      const created = await createInvite(this.#deps, options, signal);
      if (!created.ok) return created;
      made.invite = created.value.invite;
      return ok(created.value.appended);
    });
    if (!made.invite) throw new Error('an invite was made');
    return made.invite;
  }

  /** The invites that stand, by their ids. */
  invites(): ReadonlyMap<string, InviteView> {
    const now = this.#deps.corrected.now();
    const standing = [...positionOf(this.#deps).invites].filter(
      ([, { expiresAt }]) => expiresAt > now,
    );
    return new Map(standing.map(([id, { role, by, expiresAt }]) => [id, { role, by, expiresAt }]));
  }

  /** Throws `invite_used` if somebody was faster. */
  async revokeInvite(inviteId: string): Promise<void> {
    if (!/^[0-9a-f]{32}$/.test(inviteId)) {
      throw new SealsyncError('bad_input', 'An invite id is 32 lower-case hex digits.');
    }
    await this.#change((signal) => revokeInvite(this.#deps, inviteId, signal));
  }

  /**
   * Lets in a user without a link: one who has published an identity, and whose `fingerprint`
   * (64 hex digits, from their own device) you took over in person. Throws `not_genuine` if
   * the published keys are others, `already_member`, `too_large` beyond 50 members.
   */
  async addMember(options: {
    readonly uid: string;
    readonly role: Role;
    readonly fingerprint: string;
  }): Promise<void> {
    requireOptions(options);
    const { uid, role, fingerprint } = options;
    requireUid(uid);
    requireRole(role);
    if (!/^[0-9a-fA-F]{64}$/.test(fingerprint)) {
      throw new SealsyncError('bad_input', 'A fingerprint is 64 hex digits: sync.fingerprint.');
    }
    const added = { uid, role, fingerprint: hexToBytes(fingerprint) };
    await this.#changeAccess((signal) => addMember(this.#deps, added, signal));
  }

  /** Hands over, promotes, demotes. Throws `last_owner` if nobody else owns the budget. */
  async changeRole(options: { readonly uid: string; readonly role: Role }): Promise<void> {
    requireOptions(options);
    requireUid(options.uid);
    requireRole(options.role);
    await this.#changeAccess((signal) => changeRole(this.#deps, options, signal));
  }

  /**
   * Takes somebody out: their invites end, a new key is used from then on, and what they wrote
   * stays. What they could read before, they may have kept. Throws `sign_in_again`.
   */
  async removeMember(uid: string): Promise<void> {
    requireUid(uid);
    if (uid === this.#deps.identities.uid) {
      throw new SealsyncError('bad_input', 'To take yourself out, call leave().');
    }
    await this.#deps.requireRecentSignIn();
    await this.#changeAccess((signal) => removeMember(this.#deps, uid, signal));
  }

  /** Replaces the budget's key now; everybody who is in goes on as before. */
  async rotateKey(): Promise<void> {
    await this.#change((signal) => rotateKey(this.#deps, signal));
  }

  /**
   * Takes this user out. What is pending is pushed first; what this device holds stays until
   * `wipe()`. Throws `last_owner`.
   */
  async leave(): Promise<void> {
    await this.#changeAccess(async (signal) => {
      const left = await leaveBudget(this.#deps, signal);
      return left.ok ? ok(0) : left;
    });
    await this.#deps.sync.stop();
  }

  /**
   * Deletes the budget for everybody and for good, and removes its documents; local copies
   * stay until they are wiped. Stopped in between, it goes on when an owner opens the budget.
   * Throws `sign_in_again`.
   */
  async deleteBudget(onProgress: (removed: number) => void = () => undefined): Promise<void> {
    await this.#deps.requireRecentSignIn();
    await this.#changeAccess(async (signal) => {
      const deleted = await deleteBudget(this.#deps, onProgress, signal);
      return deleted.ok ? ok(0) : deleted;
    });
    await this.#deps.sync.stop();
  }

  /**
   * Has this budget take up the user's next keys, with a new key of its own; see
   * `Sealsync.rotateIdentity`, which does it in all of them. A viewer, who cannot, leaves.
   */
  async takeUpIdentity(change: IdentityChange): Promise<'rotated' | 'left'> {
    const { sync, identities, note, replica } = this.#deps;
    identities.add(change.to);
    if (ownMember(this.#deps)?.role === 'viewer') {
      await this.leave();
      return 'left';
    }
    await this.#change((signal) => rotateIdentityIn(this.#deps, change, signal));
    const { genesisHash } = replica.confirmed;
    if (!genesisHash) throw new Error('the log was read');
    await sync.betweenRounds(async (signal) => {
      const noted = await note.renew(genesisHash, signal);
      return noted.ok ? ok(0) : noted;
    });
    return 'rotated';
  }

  /** The devices that have written. */
  devices(): readonly DeviceView[] {
    const { devices } = positionOf(this.#deps);
    const own = this.#deps.replica.outbox.device;
    return [...devices].map(([id, { author: uid, name, revoked = false }]) => ({
      id,
      uid,
      revoked,
      isThis: id === own,
      ...(name === undefined ? {} : { name }),
    }));
  }

  /**
   * Nothing that a device of this user (or, for owners, of anybody) writes is merged any more.
   * It can still read: for a stolen device use `rotateIdentity()`.
   */
  async revokeDevice(id: string): Promise<void> {
    if (!isDeviceId(id)) throw new SealsyncError('bad_input', 'A device id is 32 hex digits.');
    const { identities, replica, session } = this.#deps;
    if (id === replica.outbox.device) {
      throw new SealsyncError('bad_input', 'A device cannot revoke itself; use another one.');
    }
    await this.#change((signal) =>
      session.append((position) => {
        const device = position.devices.get(id);
        if (!device) return unknownDevice();
        if (device.revoked) return ok(undefined);
        const allowed =
          device.author === identities.uid ? ok() : requireOwner(this.#deps, position);
        if (!allowed.ok) return allowed;
        return ok({
          bodies: [{ edits: [], statements: [{ type: 'device_revoked', device: id }] }],
        });
      }, signal),
    );
  }

  /** 60 digits, the same on both devices, to be compared in person or by voice. */
  safetyNumber(uid: string): string {
    const { uid: ownUid } = this.#deps.identities;
    const self = this.#member(ownUid);
    const other = this.#member(uid);
    return safetyNumber({ uid: ownUid, publicKeys: self.keys }, { uid, publicKeys: other.keys });
  }

  /** Remembers on this device that the safety number was the same. */
  async markVerified(uid: string): Promise<void> {
    const marked = await this.#verified.mark(uid, this.#member(uid));
    if (!marked.ok) throw toSealsyncError(marked.error);
  }

  #member(uid: string): Member {
    const member = positionOf(this.#deps).members.get(uid);
    if (!member) throw new SealsyncError('bad_input', 'That user is no member of the budget.');
    return member;
  }

  /** Who may connect has changed: the signaling server has to look again. */
  async #changeAccess(work: PeopleWork): Promise<void> {
    await this.#change(work);
    this.#deps.sync.announceMembership();
  }

  /** Peers hear of a change in the log as of any other. */
  #change(work: PeopleWork): Promise<void> {
    return this.#deps.sync.exclusively(work);
  }
}

const unknownDevice = (): Result<never, SyncFailure> =>
  refuse('bad_input', 'There is no device of this id.');

function requireOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new SealsyncError('bad_input', 'This takes an object of named values.');
  }
}

function requireUid(uid: unknown): void {
  if (!isName(uid, MAX_UID_LENGTH)) {
    throw new SealsyncError('bad_input', 'A uid is a string of 1 to 128 characters.');
  }
}

function requireRole(role: unknown): void {
  if (!ROLES.some((known) => known === role)) {
    throw new SealsyncError('bad_input', `A role is one of ${ROLES.join(', ')}.`);
  }
}
