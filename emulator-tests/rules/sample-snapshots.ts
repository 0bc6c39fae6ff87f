import {
  doc,
  serverTimestamp,
  Timestamp,
  type Bytes,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore';
import { filledBytes, newFrame, type Document } from './sample-log.js';
import { DAY_MS } from './sample-people.js';

const NONCE = 'ab'.repeat(8);

export const snapshotIdBy = (author: string, seq = 1, nonce = NONCE): string =>
  `${String(seq)}_${author}_${nonce}`;

export const snapshotRef = (
  firestore: Firestore,
  budgetId: string,
  id: string,
): DocumentReference => doc(firestore, 'budgets', budgetId, 'snapshots', id);

export const chunkRef = (
  firestore: Firestore,
  budgetId: string,
  id: string,
  at: number | string,
): DocumentReference => doc(snapshotRef(firestore, budgetId, id), 'chunks', String(at));

export const newChunk = (length = 100): Document => ({ v: 1, chunk: filledBytes(length, 6) });

/** What a snapshot's header starts with, in a frame of the fewest bytes. */
export const headerFrame = (budgetId: string, change: object = {}, length?: number): Bytes =>
  newFrame({ budgetId, prev: filledBytes(32, 1), kind: 3, ...change }, length);

/** The header of a snapshot at `seq` as `author` has to write it. */
export const newHeader = (budgetId: string, author: string, seq = 1): Document => ({
  v: 1,
  seq,
  author,
  chunks: 1,
  at: serverTimestamp(),
  header: headerFrame(budgetId),
});

/** A header that the server took that many days ago. */
export const oldHeader = (
  budgetId: string,
  author: string,
  seq: number,
  days: number,
): Document => ({
  ...newHeader(budgetId, author, seq),
  at: Timestamp.fromMillis(Date.now() - days * DAY_MS),
});
