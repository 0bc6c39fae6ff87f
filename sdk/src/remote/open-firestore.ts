import type { FirebaseApp } from 'firebase/app';
import { getFirestore } from 'firebase/firestore/lite';
import type { BudgetId } from '../model/ids.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { Clock } from '../ports/clock.js';
import type { KeyslotDirectory } from '../ports/keyslot-directory.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import type { UserDirectory } from '../ports/user-directory.js';
import { createFirestoreBudgetList } from './firestore-budget-list.js';
import { createFirestoreExits } from './firestore-exits.js';
import { createFirestoreInvites } from './firestore-invites.js';
import { createFirestoreKeyslots } from './firestore-keyslots.js';
import { createFirestoreLog } from './firestore-log.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { createFirestoreSnapshots } from './firestore-snapshots.js';
import { createFirestoreUsers } from './firestore-users.js';
import { createFirestoreWrappedKeys } from './firestore-wrapped-keys.js';

/** What the kit keeps, as one user may use it. */
export interface RemoteStorage {
  readonly users: UserDirectory;
  readonly keyslots: KeyslotDirectory;
  readonly budgets: BudgetList;
  budgetOf(budgetId: BudgetId): RemoteBudget;
}

/** Everything that the kit keeps in Firestore, as the user who is signed in to `firebase`. */
export function openFirestore(options: {
  readonly firebase: FirebaseApp;
  readonly uid: string;
  readonly clock: Clock;
  readonly count: OperationCounter;
}): RemoteStorage {
  const { firebase, ...rest } = options;
  const shared = { ...rest, firestore: getFirestore(firebase) };
  return {
    users: createFirestoreUsers(shared),
    keyslots: createFirestoreKeyslots(shared),
    budgets: createFirestoreBudgetList(shared),
    budgetOf: (budgetId) => openFirestoreBudget({ ...shared, budgetId }),
  };
}

/** All that Firestore holds of one budget. */
export const openFirestoreBudget = (options: FirestoreBudgetOptions): RemoteBudget => ({
  log: createFirestoreLog(options),
  wraps: createFirestoreWrappedKeys(options),
  invites: createFirestoreInvites(options),
  exits: createFirestoreExits(options),
  snapshots: createFirestoreSnapshots(options),
});
