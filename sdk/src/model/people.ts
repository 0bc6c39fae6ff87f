import type { DeviceId } from './ids.js';
import type { PublicKeys } from './membership.js';
import type { Role } from './roles.js';

export interface Member {
  readonly role: Role;
  readonly keys: PublicKeys;
  /** How often the keys were replaced, plus 1, where the log says so; 1 for whoever joins. */
  readonly identityVersion: number;
  /** The epoch in which they were let in; what they signed in an earlier one is of an earlier stay. */
  readonly sinceEpoch: number;
}

/** An invite that nobody has used, revoked or outlived in the log. */
export interface OpenInvite {
  readonly role: Role;
  /** Uid of the owner who made it. */
  readonly by: string;
  /** In ms since the Unix epoch. */
  readonly expiresAt: number;
  readonly keys: PublicKeys;
}

/** A device that has written. */
export interface Device {
  /** Uid of its user. */
  readonly author: string;
  readonly name?: string;
  readonly revoked?: boolean;
}

/** Who belongs to a budget, by Firebase uid. */
export type Members = ReadonlyMap<string, Member>;

/** The people of a budget at one point of its log. */
export interface People {
  readonly members: Members;
  /** By their ids. */
  readonly invites: ReadonlyMap<string, OpenInvite>;
  readonly devices: ReadonlyMap<DeviceId, Device>;
}

export const NOBODY: People = { members: new Map(), invites: new Map(), devices: new Map() };

export const hasOwner = (members: Members): boolean =>
  [...members.values()].some(({ role }) => role === 'owner');

export function withMember(people: People, uid: string, member: Member): People {
  return { ...people, members: new Map(people.members).set(uid, member) };
}

/** Without a member, and without the invites that they made. */
export function withoutMember(people: People, uid: string): People {
  const members = new Map(people.members);
  members.delete(uid);
  return withoutInvitesOf({ ...people, members }, uid);
}

/** Whoever is no owner any more has no say in who comes in. */
export function withoutInvitesOf(people: People, uid: string): People {
  const invites = [...people.invites].filter(([, invite]) => invite.by !== uid);
  return { ...people, invites: new Map(invites) };
}

/** Without the invites that ran out before `timeMs`. */
export function withoutOldInvites(people: People, timeMs: number): People {
  const invites = [...people.invites].filter(([, { expiresAt }]) => expiresAt >= timeMs);
  return invites.length === people.invites.size ? people : { ...people, invites: new Map(invites) };
}

export function withInvite(people: People, inviteId: string, invite: OpenInvite): People {
  return { ...people, invites: new Map(people.invites).set(inviteId, invite) };
}

export function withoutInvite(people: People, inviteId: string): People {
  const invites = new Map(people.invites);
  invites.delete(inviteId);
  return { ...people, invites };
}

export function withDevice(people: People, id: DeviceId, device: Device): People {
  return { ...people, devices: new Map(people.devices).set(id, device) };
}
