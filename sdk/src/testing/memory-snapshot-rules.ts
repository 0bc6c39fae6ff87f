import { bytesToHex } from '@noble/hashes/utils.js';
import type { BudgetId } from '../model/ids.js';
import { mayWrite } from '../model/roles.js';
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNKS,
  SNAPSHOT_AGE_MS,
  type StoredSnapshot,
} from '../ports/snapshots.js';
import { roleOf, type Caller, type StoredBudget } from './memory-stored-budget.js';

const ID = /^([1-9][0-9]{0,15})_(.+)_[0-9a-f]{16}$/s;
const FRAME_START = '5345414c010103';
const MIN_HEADER_BYTES = 485;
const MAX_HEADER_BYTES = 8192;

/** The budget afterwards; `undefined` where the security rules would deny it. */
type Outcome = StoredBudget | undefined;

/** Where one chunk of the snapshot `id` is kept. */
export const chunkKeyOf = (id: string, at: number): string => `${id}/${String(at)}`;

/** Where its chunks are kept, in order; never more than a snapshot can have. */
export const chunkKeysOf = ({
  id,
  chunks,
}: Pick<StoredSnapshot, 'id' | 'chunks'>): readonly string[] =>
  Array.from({ length: Math.min(chunks, MAX_CHUNKS) }, (_, at) => chunkKeyOf(id, at));

export function putChunk(
  before: StoredBudget,
  { id, at, chunk }: { readonly id: string; readonly at: number; readonly chunk: Uint8Array },
  { uid }: Caller,
): Outcome {
  const isChunk = at < MAX_CHUNKS && chunk.length >= 1 && chunk.length <= MAX_CHUNK_BYTES;
  const isOpen = ID.exec(id)?.[2] === uid && !before.snapshots.has(id);
  if (!isChunk || !isOpen || !mayStore(before, uid)) return undefined;
  return { ...before, chunks: new Map(before.chunks).set(chunkKeyOf(id, at), chunk) };
}

export function putHeader(
  before: StoredBudget,
  snapshot: Omit<StoredSnapshot, 'at'>,
  budgetId: BudgetId,
  { uid, nowMs }: Caller,
): Outcome {
  const { id, seq, chunks, header } = snapshot;
  const [, position, author] = ID.exec(id) ?? [];
  const isNamed = author === uid && snapshot.author === uid && position === String(seq);
  const start = bytesToHex(header.subarray(0, 24));
  const isHeader =
    header.length >= MIN_HEADER_BYTES &&
    header.length <= MAX_HEADER_BYTES &&
    start.startsWith(FRAME_START) &&
    start.slice(16) === budgetId;
  const isComplete = before.chunks.has(chunkKeyOf(id, chunks - 1));
  const isTaken = before.entries.get(seq)?.author === uid;
  if (!isNamed || !isHeader || !isComplete || !isTaken) return undefined;
  if (before.snapshots.has(id) || !mayStore(before, uid)) return undefined;
  return { ...before, snapshots: new Map(before.snapshots).set(id, { ...snapshot, at: nowMs }) };
}

const mayStore = (budget: StoredBudget, uid: string): boolean => {
  const role = roleOf(budget, uid);
  return role !== undefined && mayWrite(role) && !budget.deleted;
};

/** Removes the header or, once there is none, chunks. */
export function removeSnapshot(
  before: StoredBudget,
  id: string,
  chunkKeys: readonly string[],
  { uid }: Caller,
): Outcome {
  const role = roleOf(before, uid);
  const isOwn = ID.exec(id)?.[2] === uid;
  const mayRemove = role === 'owner' || (role === 'editor' && isOwn && !before.deleted);
  if (!mayRemove || (id === before.base && !before.deleted)) return undefined;
  const [snapshots, chunks] = [new Map(before.snapshots), new Map(before.chunks)];
  snapshots.delete(id);
  for (const key of chunkKeys) chunks.delete(key);
  return { ...before, snapshots, chunks };
}

export function raiseFloor(
  before: StoredBudget,
  floor: number,
  base: string,
  { uid, signedInRecently, nowMs }: Caller,
): Outcome {
  const snapshot = before.snapshots.get(base);
  if (roleOf(before, uid) !== 'owner' || before.deleted) return undefined;
  if (before.floor === floor && before.base === base) return before;
  if (!signedInRecently || !snapshot || !Number.isSafeInteger(floor)) return undefined;
  const isRaise = floor > before.floor && floor < snapshot.seq;
  const hasStood = snapshot.at + SNAPSHOT_AGE_MS <= nowMs;
  return isRaise && hasStood ? { ...before, floor, base } : undefined;
}

export function pruneEntries(
  before: StoredBudget,
  positions: readonly number[],
  { uid, signedInRecently }: Caller,
): Outcome {
  if (roleOf(before, uid) !== 'owner') return undefined;
  const mayPrune = signedInRecently && positions.every((seq) => seq <= before.floor);
  if (!before.deleted && !mayPrune) return undefined;
  const entries = new Map(before.entries);
  for (const seq of positions) entries.delete(seq);
  return { ...before, entries };
}
