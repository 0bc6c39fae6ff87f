import type { Firestore } from 'firebase/firestore/lite';
import type { BudgetId } from '../model/ids.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { FirestoreCallOptions } from './firestore-call.js';

/** What reaches Firestore as one user. */
export interface FirestoreUserOptions extends FirestoreCallOptions {
  /** Of `firebase/firestore/lite`, signed in as `uid`. Its logging is switched off. */
  readonly firestore: Firestore;
  readonly uid: string;
  /** Adds up what is billed. */
  readonly count?: OperationCounter;
}

/** What reaches one budget in Firestore as one user. */
export interface FirestoreBudgetOptions extends FirestoreUserOptions {
  readonly budgetId: BudgetId;
}
