import { doc, Timestamp, type DocumentReference, type Firestore } from 'firebase/firestore';
import { filledBytes, hashOf, type Document } from './sample-log.js';

export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;

export const KID = 'ab'.repeat(32);

export const wrapRef = (
  firestore: Firestore,
  budgetId: string,
  recipient: string,
  kid = KID,
): DocumentReference => doc(firestore, 'budgets', budgetId, 'keys', `${kid}_${recipient}`);

export const newWrap = (recipient: string): Document => ({
  v: 1,
  epoch: 1,
  recipient,
  wrap: filledBytes(200, 3),
});

export const inviteRef = (
  firestore: Firestore,
  budgetId: string,
  inviteId: string,
): DocumentReference => doc(firestore, 'budgets', budgetId, 'invites', inviteId);

/** What the link of every sample invite gives. */
export const ACCESS = filledBytes(32, 5);

/** An invite as `by` has to write it. */
export const newInvite = (by: string, role = 'editor'): Document => ({
  v: 1,
  role,
  by,
  expiresAt: Timestamp.fromMillis(Date.now() + DAY_MS),
  accessHash: hashOf(ACCESS),
  revoked: false,
  usedBy: '',
  access: filledBytes(0),
  acceptance: filledBytes(0),
});

/** What `uid` changes in an invite to accept it. */
export const acceptedBy = (uid: string): Document => ({
  usedBy: uid,
  access: ACCESS,
  acceptance: filledBytes(300, 7),
});

export const departureRef = (
  firestore: Firestore,
  budgetId: string,
  uid: string,
): DocumentReference => doc(firestore, 'budgets', budgetId, 'departures', uid);

export const newDeparture = (): Document => ({ v: 1, notice: filledBytes(150, 8) });

export const pinRef = (firestore: Firestore, uid: string, budgetId: string): DocumentReference =>
  doc(firestore, 'users', uid, 'budgets', budgetId);

export const newPin = (): Document => ({ v: 1, pin: filledBytes(120, 9) });

export const newTombstone = (): Document => ({ deleted: true, tombstone: filledBytes(150, 4) });
