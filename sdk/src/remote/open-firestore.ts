import type { FirebaseApp } from 'firebase/app';
import { getFirestore } from 'firebase/firestore/lite';
import type { BudgetId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { KeyslotDirectory } from '../ports/keyslot-directory.js';
import type { OperationCounter } from '../ports/operation-counter.js';
import type { RemoteLog } from '../ports/remote-log.js';
import type { UserDirectory } from '../ports/user-directory.js';
import { createFirestoreKeyslots } from './firestore-keyslots.js';
import { createFirestoreLog } from './firestore-log.js';
import { createFirestoreUsers } from './firestore-users.js';

/** Everything that the kit keeps in Firestore, as the user who is signed in to `firebase`. */
export function openFirestore(options: {
  readonly firebase: FirebaseApp;
  readonly uid: string;
  readonly clock: Clock;
  readonly count: OperationCounter;
}): {
  users: UserDirectory;
  keyslots: KeyslotDirectory;
  logOf: (budgetId: BudgetId) => RemoteLog;
} {
  const { firebase, ...rest } = options;
  const shared = { ...rest, firestore: getFirestore(firebase) };
  return {
    users: createFirestoreUsers(shared),
    keyslots: createFirestoreKeyslots(shared),
    logOf: (budgetId) => createFirestoreLog({ ...shared, budgetId }),
  };
}
