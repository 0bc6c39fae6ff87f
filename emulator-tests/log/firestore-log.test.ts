import { updateDoc } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import { createFirestoreLog } from '../../sdk/src/remote/firestore-log.js';
import { describeRemoteLog } from '../../sdk/src/testing/remote-log-contract.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { budgetRef } from '../rules/sample-log.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

let rules: RulesEnvironment;
const people = new Map<string, SignedInPerson>();

beforeAll(async () => {
  rules = await openRulesEnvironment();
});
afterAll(async () => {
  for (const person of people.values()) await person.close();
  await rules.close();
});

async function personCalled(name: string): Promise<SignedInPerson> {
  const person = people.get(name) ?? (await signInPerson());
  people.set(name, person);
  return person;
}

describeRemoteLog({ describe, it, expect }, 'in Firestore', async () => ({
  uidOf: async (name) => (await personCalled(name)).uid,
  logFor: async (name, budgetId, count) => {
    const { firestore, uid } = await personCalled(name);
    return createFirestoreLog({
      firestore,
      uid,
      budgetId,
      clock: systemClock,
      ...(count ? { count } : {}),
    });
  },
  nowMs: () => Date.now(),
  overwrite: (budgetId, change) =>
    rules.bypassRules((firestore) => updateDoc(budgetRef(firestore, budgetId), change)),
}));
