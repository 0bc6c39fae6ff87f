import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { FIXED_HEADER_BYTES } from '../crypto/frame-header.js';
import { frameLength, hashFrame } from '../crypto/frame.js';
import { MIN_PADDED_BYTES } from '../crypto/padme.js';
import type { BudgetId } from '../model/ids.js';
import { mayWrite, ROLES, type Role } from '../model/roles.js';
import {
  MAX_FRAME_BYTES,
  type BudgetDocument,
  type LogEntry,
  type StoredEntry,
} from '../ports/remote-log.js';

/** A budget and its log, as the backend stores them. */
export interface StoredBudget extends BudgetDocument {
  readonly rekey: boolean;
  readonly entries: ReadonlyMap<number, StoredEntry>;
}

/** A commit as its author wants it. */
export interface Commit {
  readonly uid: string;
  readonly budgetId: BudgetId;
  /** The budget's members after it, where it changes them. */
  readonly members?: BudgetDocument['members'];
  readonly entries: readonly LogEntry[];
  /** The server's time, in ms. */
  readonly nowMs: number;
}

const TIME_WINDOW_MS = 600_000;
const MAX_MEMBERS = 50;
const MAX_UID_LENGTH = 128;
const NO_HASH = new Uint8Array(32);
const MIN_FRAME_BYTES = frameLength(1, MIN_PADDED_BYTES);
const FRAME_STARTS = ['5345414c010101', '5345414c010102'];

export const roleOf = (budget: BudgetDocument | undefined, uid: string): Role | undefined =>
  budget && Object.hasOwn(budget.members, uid) ? budget.members[uid] : undefined;

/** The new budget, or `undefined` where the security rules would deny its creation. */
export function applyGenesis(
  before: StoredBudget | undefined,
  commit: Commit,
): StoredBudget | undefined {
  if (before || commit.entries[0]?.seq !== 1) return undefined;
  const empty: StoredBudget = {
    members: { [commit.uid]: 'owner' },
    epoch: 1,
    floor: 0,
    deleted: false,
    rekey: false,
    entries: new Map(),
  };
  return appendEntries(empty, commit, true);
}

/** The budget after the commit, or `undefined` where the security rules would deny any part. */
export function applyAppend(
  before: StoredBudget | undefined,
  commit: Commit,
): StoredBudget | undefined {
  if (!before) return undefined;
  if (commit.members && !mayChangeMembers(before, commit.members, commit.uid)) return undefined;
  const after = commit.members ? { ...before, members: { ...commit.members } } : before;
  return appendEntries(after, commit, false);
}

function mayChangeMembers(
  before: StoredBudget,
  members: BudgetDocument['members'],
  uid: string,
): boolean {
  const uids = Object.keys(members);
  return (
    roleOf(before, uid) === 'owner' &&
    !before.deleted &&
    roleOf({ ...before, members }, uid) === 'owner' &&
    uids.length <= MAX_MEMBERS &&
    uids.join('').length <= MAX_MEMBERS * MAX_UID_LENGTH &&
    Object.values(members).every((role) => ROLES.includes(role))
  );
}

function appendEntries(
  budget: StoredBudget,
  { uid, budgetId, entries, nowMs }: Commit,
  isNew: boolean,
): StoredBudget | undefined {
  const stored = new Map(budget.entries);
  for (const entry of entries) {
    if (!isWellFormed(entry, uid, nowMs) || !mayAppend(budget, entry, uid)) return undefined;
    if (stored.has(entry.seq) || !isFramed(entry, budgetId)) return undefined;
    stored.set(entry.seq, copyEntry({ ...entry, at: nowMs }));
  }
  // As in the rules, an entry may come before its predecessor within a commit.
  const isChained = entries.every((entry) =>
    entry.seq === 1
      ? isNew && equalBytes(entry.prev, NO_HASH)
      : continues(stored.get(entry.seq - 1), entry),
  );
  return isChained ? { ...budget, entries: stored } : undefined;
}

const isWellFormed = (entry: LogEntry, uid: string, nowMs: number): boolean =>
  Number.isSafeInteger(entry.seq) &&
  Number.isSafeInteger(entry.epoch) &&
  Number.isSafeInteger(entry.t) &&
  entry.author === uid &&
  Math.abs(entry.t - nowMs) <= TIME_WINDOW_MS &&
  entry.frame.length >= MIN_FRAME_BYTES &&
  entry.frame.length <= MAX_FRAME_BYTES;

/** What the rules bind of a frame's header: magic, version, suite, kind, budget and predecessor. */
function isFramed({ frame, prev }: LogEntry, budgetId: BudgetId): boolean {
  const header = bytesToHex(frame.subarray(0, FIXED_HEADER_BYTES));
  return (
    FRAME_STARTS.includes(header.slice(0, 14)) &&
    header.slice(16, 48) === budgetId &&
    header.slice(184) === bytesToHex(prev)
  );
}

function mayAppend(budget: StoredBudget, entry: LogEntry, uid: string): boolean {
  const role = roleOf(budget, uid);
  return (
    role !== undefined &&
    mayWrite(role) &&
    !budget.deleted &&
    !budget.rekey &&
    entry.epoch === budget.epoch &&
    entry.seq > budget.floor
  );
}

const continues = (predecessor: StoredEntry | undefined, entry: LogEntry): boolean =>
  predecessor !== undefined && equalBytes(entry.prev, hashFrame(predecessor.frame));

/** Nobody can change what is stored through bytes that were handed in or out. */
export const copyEntry = (entry: StoredEntry): StoredEntry => ({
  seq: entry.seq,
  epoch: entry.epoch,
  author: entry.author,
  t: entry.t,
  prev: entry.prev.slice(),
  frame: entry.frame.slice(),
  at: entry.at,
});
