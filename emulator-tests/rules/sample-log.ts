import { createHash, randomBytes } from 'node:crypto';
import {
  Bytes,
  doc,
  serverTimestamp,
  writeBatch,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore';

export type Document = Record<string, unknown>;

export const newId = (): string => randomBytes(16).toString('hex');

export const bytes = (data: Uint8Array): Bytes => Bytes.fromUint8Array(new Uint8Array(data));
export const filledBytes = (length: number, fill = 0): Bytes =>
  bytes(new Uint8Array(length).fill(fill));
export const hashOf = (frame: Bytes): Bytes =>
  bytes(createHash('sha256').update(frame.toUint8Array()).digest());

/** The frame that the samples store at `seq`. */
export const frameAt = (seq: number): Bytes => filledBytes(300, seq);

export const budgetRef = (firestore: Firestore, budgetId: string): DocumentReference =>
  doc(firestore, 'budgets', budgetId);

export const changeRef = (
  firestore: Firestore,
  budgetId: string,
  changeId: string | number,
): DocumentReference => doc(firestore, 'budgets', budgetId, 'changes', String(changeId));

/** A budget as its creator has to write it. */
export const newBudget = (owner: string): Document => ({
  members: { [owner]: 'owner' },
  epoch: 1,
  floor: 0,
  v: 1,
  rekey: false,
  deleted: false,
});

/** The entry at `seq` that continues the samples, as `author` has to write it. */
export const newEntry = (author: string, seq: number): Document => ({
  seq,
  epoch: 1,
  author,
  t: Date.now(),
  at: serverTimestamp(),
  prev: seq === 1 ? filledBytes(32) : hashOf(frameAt(seq - 1)),
  frame: frameAt(seq),
});

export function commitGenesis(
  firestore: Firestore,
  budgetId: string,
  budget: Document,
  genesis: Document,
): Promise<void> {
  return writeBatch(firestore)
    .set(budgetRef(firestore, budgetId), budget)
    .set(changeRef(firestore, budgetId, 1), genesis)
    .commit();
}

/** `document` without one of its fields. */
export const without = (document: Document, field: string): Document =>
  Object.fromEntries(Object.entries(document).filter(([name]) => name !== field));
