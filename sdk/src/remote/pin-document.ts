import {
  doc,
  type DocumentData,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore/lite';
import { toBytes } from './entry-document.js';
import { readSealed } from './read-bytes.js';

/** Where `uid` keeps the note of a budget. */
export const pinRef = (firestore: Firestore, uid: string, budgetId: string): DocumentReference =>
  doc(firestore, 'users', uid, 'budgets', budgetId);

export const toPinDocument = (pin: Uint8Array): DocumentData => ({ v: 1, pin: toBytes(pin) });

/** `undefined` for what the rules would not have let in. */
export function parsePinDocument(data: DocumentData | undefined): Uint8Array | undefined {
  if (data?.['v'] !== 1 || Object.keys(data).length !== 2) return undefined;
  return readSealed(data['pin']);
}
