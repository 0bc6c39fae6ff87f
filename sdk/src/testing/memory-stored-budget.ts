import type { StoredInvite } from '../ports/invite-directory.js';
import type { BudgetDocument, LogEntry, StoredEntry } from '../ports/remote-log.js';
import type { StoredSnapshot } from '../ports/snapshots.js';
import type { StoredWrap } from '../ports/wrapped-keys.js';
import type { Role } from '../model/roles.js';

/** A budget and all that lies below it, as the backend stores it. */
export interface StoredBudget extends BudgetDocument {
  /** Id of the invite that was accepted last; empty at first. */
  readonly invite: string;
  readonly entries: ReadonlyMap<number, StoredEntry>;
  /** By `wrapIdOf`. */
  readonly wraps: ReadonlyMap<string, StoredWrap>;
  /** By invite id. */
  readonly invites: ReadonlyMap<string, MemoryInvite>;
  /** Notices by the uid of who is no longer a member. */
  readonly departures: ReadonlyMap<string, Uint8Array>;
  /** Headers by their ids. */
  readonly snapshots: ReadonlyMap<string, StoredSnapshot>;
  /** By `{snapshot id}/{place}`, also those without a header. */
  readonly chunks: ReadonlyMap<string, Uint8Array>;
}

/** An invite with the fields that no reader is given. */
export interface MemoryInvite extends StoredInvite {
  readonly accessHash: Uint8Array;
  readonly access?: Uint8Array;
}

/** Who asks for something, as the rules see them. */
export interface Caller {
  readonly uid: string;
  readonly signedInRecently: boolean;
  /** The server's time, in ms. */
  readonly nowMs: number;
}

export const roleOf = (
  budget: Pick<BudgetDocument, 'members'> | undefined,
  uid: string,
): Role | undefined =>
  budget && Object.hasOwn(budget.members, uid) ? budget.members[uid] : undefined;

/** A deleted budget is open to owners only, who remove what is left below it. */
export function mayRead(budget: StoredBudget | undefined, uid: string): boolean {
  const role = roleOf(budget, uid);
  return budget?.deleted ? role === 'owner' : role !== undefined;
}

/** Nobody can change what is stored through bytes that were handed in or out. */
export const copyEntry = <T extends LogEntry>(entry: T): T => ({
  ...entry,
  prev: entry.prev.slice(),
  frame: entry.frame.slice(),
});

export const copyWrap = (stored: StoredWrap): StoredWrap => ({
  ...stored,
  kid: stored.kid.slice(),
  wrap: stored.wrap.slice(),
});

export const copySnapshot = (stored: StoredSnapshot): StoredSnapshot => ({
  ...stored,
  header: stored.header.slice(),
});

/** What the security rules allow for bytes that only members make sense of. */
export const isNote = (bytes: Uint8Array): boolean => bytes.length >= 1 && bytes.length <= 1024;
