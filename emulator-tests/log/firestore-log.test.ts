import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeRemoteLog } from '../../sdk/src/testing/remote-log-contract.js';
import { FirestoreEnvironment } from './firestore-environment.js';

let environment: FirestoreEnvironment;

beforeAll(async () => {
  environment = await FirestoreEnvironment.open();
});
afterAll(() => environment.close());

describeRemoteLog({ describe, it, expect }, 'in Firestore', () => Promise.resolve(environment));
