import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { FIXED_HEADER_BYTES } from '../crypto/frame-header.js';
import { frameLength, hashFrame } from '../crypto/frame.js';
import { MIN_PADDED_BYTES } from '../crypto/padme.js';
import type { BudgetId } from '../model/ids.js';
import { mayWrite } from '../model/roles.js';
import {
  MAX_FRAME_BYTES,
  type BudgetChange,
  type LogEntry,
  type NewBudget,
  type StoredEntry,
} from '../ports/remote-log.js';
import { changeBudget, putWraps } from './memory-people-rules.js';
import {
  copyEntry,
  isNote,
  roleOf,
  type Caller,
  type StoredBudget,
} from './memory-stored-budget.js';

/** A commit to the log as its author wants it. */
export interface Commit extends Caller {
  readonly budgetId: BudgetId;
  readonly entries: readonly LogEntry[];
}

const TIME_WINDOW_MS = 600_000;
const NO_HASH = new Uint8Array(32);
const MIN_FRAME_BYTES = frameLength(1, MIN_PADDED_BYTES);
const FRAME_STARTS = ['5345414c010101', '5345414c010102'];

/** The new budget, or `undefined` where the security rules would deny its creation. */
export function applyGenesis(
  before: StoredBudget | undefined,
  commit: Commit,
  { wrap, pin }: NewBudget,
): StoredBudget | undefined {
  if (before || commit.entries[0]?.seq !== 1 || !isNote(pin)) return undefined;
  const empty: StoredBudget = {
    members: { [commit.uid]: 'owner' },
    epoch: 1,
    floor: 0,
    base: '',
    rekey: false,
    deleted: false,
    tombstone: new Uint8Array(),
    invite: '',
    entries: new Map(),
    wraps: new Map(),
    invites: new Map(),
    departures: new Map(),
    snapshots: new Map(),
    chunks: new Map(),
  };
  const begun = appendEntries(empty, commit, true);
  return begun && putWraps(begun, [wrap], commit);
}

/** The budget after the commit, or `undefined` where the security rules would deny any part. */
export function applyAppend(
  before: StoredBudget | undefined,
  commit: Commit,
  change: BudgetChange,
): StoredBudget | undefined {
  const after = before && changeBudget(before, change, commit);
  return after && appendEntries(after, commit, false);
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
