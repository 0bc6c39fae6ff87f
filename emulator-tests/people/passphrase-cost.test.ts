import { createOperationCounter, openKeyslots } from '@sealsync/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPerson, unlockIdentity, type Person } from './person.js';
import { openProject, type Project } from './project.js';

const OLD = 'tractor rides past nine lamps';
const NEW = 'quiet harbour sells green violins';
const RECORDS = 10_000;
const RECORDS_PER_EDIT = 2_500;

let project: Project;
let ann: Person;

beforeAll(async () => {
  project = openProject();
  ann = await startPerson(OLD);
});
afterAll(async () => {
  await ann.close();
  await project.close();
});

/** When each document of the budget, and the budget itself, was written last. */
async function writtenAt(budgetId: string): Promise<ReadonlyMap<string, string>> {
  const budget = project.budget(budgetId);
  const collections = await budget.listCollections();
  const pages = await Promise.all(collections.map((each) => each.get()));
  const found = [await budget.get(), ...pages.flatMap(({ docs }) => docs)];
  return new Map(
    found.map(({ ref, updateTime }) => [
      ref.path,
      `${String(updateTime?.seconds)}.${String(updateTime?.nanoseconds)}`,
    ]),
  );
}

describe('a budget of 10,000 records', () => {
  it('is imported in few entries, and a new passphrase rewrites one document: the slot', async () => {
    const { budget } = await ann.create();
    for (let from = 0; from < RECORDS; from += RECORDS_PER_EDIT) {
      await budget.transact((tx) => {
        const envelopes = tx.collection('envelopes');
        for (let n = from; n < from + RECORDS_PER_EDIT; n += 1) {
          envelopes.put(`envelope-${String(n)}`, { limit: n });
        }
      });
    }
    await budget.sync.syncNow();
    expect(budget.collection('envelopes').list()).toHaveLength(RECORDS);
    const log = await project.readLog(budget.id);
    expect(log.length).toBeLessThanOrEqual(1 + RECORDS / RECORDS_PER_EDIT);

    const before = await writtenAt(budget.id);
    expect(before.size).toBe(log.length + 2);
    const spent = { ...ann.count };
    const { app: firebase, user } = ann.session;
    const count = createOperationCounter();
    const keyslots = await openKeyslots({ firebase, user, count });
    const slot = project.firestore.doc(`users/${ann.uid}/keyslots/passphrase`);
    const slotBefore = (await slot.get()).updateTime;
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    await keyslots.close();
    expect(count).toMatchObject({ writes: 1, deletes: 0 });
    expect(ann.count).toEqual(spent);
    expect(await writtenAt(budget.id)).toEqual(before);
    expect((await slot.get()).updateTime).not.toEqual(slotBefore);

    const identity = await unlockIdentity(ann.session, NEW);
    expect(identity.publicKeys).toEqual(ann.identity.publicKeys);
    const again = await ann.open(budget.id);
    expect(again.budget.verifiedState().digest).toBe(budget.verifiedState().digest);
  });
});
