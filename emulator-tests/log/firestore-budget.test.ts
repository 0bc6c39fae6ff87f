import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBudgetExits } from '../../sdk/src/testing/budget-exits-contract.js';
import { describeBudgetList } from '../../sdk/src/testing/budget-list-contract.js';
import { describeInviteDirectory } from '../../sdk/src/testing/invite-directory-contract.js';
import { describeSnapshotStorage } from '../../sdk/src/testing/snapshot-storage-contract.js';
import { describeWrappedKeys } from '../../sdk/src/testing/wrapped-keys-contract.js';
import { FirestoreEnvironment } from './firestore-environment.js';

let environment: FirestoreEnvironment;

beforeAll(async () => {
  environment = await FirestoreEnvironment.open();
});
afterAll(() => environment.close());

const functions = { describe, it, expect };
const make = (): Promise<FirestoreEnvironment> => Promise.resolve(environment);

describeWrappedKeys(functions, 'in Firestore', make);
describeInviteDirectory(functions, 'in Firestore', make);
describeBudgetExits(functions, 'in Firestore', make);
describeBudgetList(functions, 'in Firestore', make);
describeSnapshotStorage(functions, 'in Firestore', make);
