import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  collectionGroup,
  doc,
  getDoc,
  getDocs,
  limit,
  orderBy,
  query,
  setDoc,
  where,
  type Firestore,
  type Query,
} from 'firebase/firestore';
import { beforeAll, describe, it } from 'vitest';
import { budgetRef, changeRef, commitGenesis, newBudget, newEntry, newId } from './sample-log.js';
import { useRules } from './use-rules.js';

const members = { ann: 'owner', eve: 'editor', vic: 'viewer', 'a.b': 'viewer' };
const strangers = ['out', 'a'];
const budgetId = newId();
const rules = useRules();

beforeAll(async () => {
  await rules.bypassRules(async (firestore) => {
    await commitGenesis(
      firestore,
      budgetId,
      { ...newBudget('ann'), members },
      newEntry(budgetId, 'ann', 1),
    );
  });
});

const changesOf = (firestore: Firestore): Query =>
  query(
    collection(firestore, 'budgets', budgetId, 'changes'),
    where('seq', '>', 0),
    orderBy('seq'),
  );

describe('the log', () => {
  it.each(Object.keys(members))('is read by its member %s', async (uid) => {
    const firestore = rules.as(uid);
    await assertSucceeds(getDoc(changeRef(firestore, budgetId, 1)));
    await assertSucceeds(getDoc(changeRef(firestore, budgetId, 2)));
    await assertSucceeds(getDocs(query(changesOf(firestore), limit(200))));
  });

  it.each(strangers)('is not read by %s', async (uid) => {
    const firestore = rules.as(uid);
    await assertFails(getDoc(changeRef(firestore, budgetId, 1)));
    await assertFails(getDocs(query(changesOf(firestore), limit(1))));
  });

  it('is not read by somebody who is not signed in', async () => {
    const firestore = rules.asNobody();
    await assertFails(getDoc(changeRef(firestore, budgetId, 1)));
    await assertFails(getDocs(query(changesOf(firestore), limit(1))));
  });

  it('is listed in pages of at most 200, so that no query runs away', async () => {
    const firestore = rules.as('ann');
    await assertFails(getDocs(query(changesOf(firestore), limit(201))));
    await assertFails(getDocs(changesOf(firestore)));
  });

  it('is not found across budgets', async () => {
    await assertFails(getDocs(query(collectionGroup(rules.as('ann'), 'changes'), limit(1))));
  });

  it('is read by nobody where there is no budget', async () => {
    const firestore = rules.as('ann');
    const nowhere = newId();
    await assertFails(getDoc(budgetRef(firestore, nowhere)));
    await assertFails(getDoc(changeRef(firestore, nowhere, 1)));
  });
});

describe('anything that the rules do not name', () => {
  it.each([
    'notes/x',
    'budgets/x/notes/x',
    `budgets/${budgetId}/notes/x`,
    `budgets/${budgetId}/changes/1/notes/x`,
    'users/ann/notes/x',
    'users/ann/clock/then',
    'users/ann/clock/now/notes/x',
  ])('is closed: %s', async (path) => {
    await rules.bypassRules((firestore) => setDoc(doc(firestore, path), { x: 1 }));
    await assertFails(getDoc(doc(rules.as('ann'), path)));
    await assertFails(setDoc(doc(rules.as('ann'), path), { x: 2 }));
  });
});
