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

/** The shortest frame there can be: a header with an author of one byte, and an empty body. */
export const MIN_FRAME_BYTES = 485;

/** What the rules look at in a frame, as docs/protocol.md lays it out. */
export interface FrameStart {
  readonly budgetId: string;
  readonly prev: Bytes;
  readonly magic?: string;
  readonly version?: number;
  readonly suite?: number;
  readonly kind?: number;
}

/** A frame whose header says what `start` says; the rest of it is filled. */
export function newFrame(start: FrameStart, length = MIN_FRAME_BYTES, fill = 0): Bytes {
  const { budgetId, prev, magic = 'SEAL', version = 1, suite = 1, kind = 1 } = start;
  const frame = Buffer.alloc(length, fill);
  frame.write(magic, 0, 'latin1');
  frame.set([version, suite, kind, 1], 4);
  frame.write(budgetId, 8, 'hex');
  frame.set(prev.toUint8Array(), 92);
  return bytes(frame);
}

export const prevAt = (budgetId: string, seq: number): Bytes =>
  seq === 1 ? filledBytes(32) : hashOf(frameAt(budgetId, seq - 1));

/** The frame that the samples store at `seq`. */
export const frameAt = (budgetId: string, seq: number): Bytes =>
  newFrame({ budgetId, prev: prevAt(budgetId, seq) }, MIN_FRAME_BYTES, seq);

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
  base: '',
  v: 1,
  rekey: false,
  deleted: false,
  invite: '',
  tombstone: filledBytes(0),
});

/** The entry at `seq` that continues the samples, as `author` has to write it. */
export const newEntry = (budgetId: string, author: string, seq: number): Document => ({
  seq,
  epoch: 1,
  author,
  t: Date.now(),
  at: serverTimestamp(),
  prev: prevAt(budgetId, seq),
  frame: frameAt(budgetId, seq),
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
