import { doc, type DocumentData, type DocumentReference } from 'firebase/firestore/lite';
import { toBytes } from './entry-document.js';
import { readSealed } from './read-bytes.js';

/** Where the notice lies that `uid` is no longer a member of `budget`. */
export const departureRef = (budget: DocumentReference, uid: string): DocumentReference =>
  doc(budget, 'departures', uid);

export const toNoticeDocument = (notice: Uint8Array): DocumentData => ({
  v: 1,
  notice: toBytes(notice),
});

/** `undefined` for what the rules would not have let in. */
export function parseNoticeDocument(data: DocumentData | undefined): Uint8Array | undefined {
  if (data?.['v'] !== 1 || Object.keys(data).length !== 2) return undefined;
  return readSealed(data['notice']);
}
