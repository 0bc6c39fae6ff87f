import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  doc,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
  writeBatch,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import {
  budgetRef,
  changeRef,
  commitGenesis,
  filledBytes,
  newBudget,
  newEntry,
  newId,
  type Document,
} from './sample-log.js';
import {
  acceptedBy,
  departureRef,
  inviteRef,
  KID,
  MINUTE_MS,
  newDeparture,
  newInvite,
  newTombstone,
  newWrap,
  wrapRef,
} from './sample-people.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);
const inviteId = newId();

const remove = (firestore: Firestore, change: Document = {}): Promise<void> =>
  budget.update(firestore, { ...newTombstone(), ...change });

describe('deleting a budget', () => {
  it('is for owners who signed in lately', async () => {
    await assertFails(remove(rules.as('ann')));
    await assertFails(remove(rules.asSignedIn('ann', 16 * MINUTE_MS)));
    await assertSucceeds(remove(rules.asSignedIn('ann', 14 * MINUTE_MS)));
  });

  it('is for nobody else', async () => {
    for (const uid of ['eve', 'vic', 'out']) await assertFails(remove(rules.asSignedIn(uid)));
    await assertFails(remove(rules.asNobody()));
  });

  it.each<[string, Document]>([
    ['no tombstone', { tombstone: filledBytes(0) }],
    ['a tombstone that is too large', { tombstone: filledBytes(1025) }],
    ['a tombstone of another type', { tombstone: 'x' }],
    ['a deleted that is not set', { deleted: false }],
    ['a deleted of another type', { deleted: 1 }],
    ['other members', { members: { ...MEMBERS, eve: 'owner' } }],
    ['an epoch', { epoch: 2 }],
    ['a floor', { floor: 1 }],
    ['a wait for a new key', { rekey: true }],
    ['an invite', { invite: inviteId }],
    ['another field', { note: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(remove(rules.asSignedIn('ann'), change));
  });

  it('goes on while the budget waits for a new key, with the largest tombstone', async () => {
    await budget.overwrite({ rekey: true });
    await assertSucceeds(remove(rules.asSignedIn('ann'), { tombstone: filledBytes(1024) }));
  });
});

const KINDS = ['changes', 'keys', 'invites', 'departures'] as const;

/** One document of each kind below the budget. */
const below = (firestore: Firestore): Record<(typeof KINDS)[number], DocumentReference> => ({
  changes: changeRef(firestore, budget.id(), 1),
  keys: wrapRef(firestore, budget.id(), 'eve'),
  invites: inviteRef(firestore, budget.id(), inviteId),
  departures: departureRef(firestore, budget.id(), 'gone'),
});

beforeEach(() =>
  rules.bypassRules(async (firestore) => {
    const { changes, keys, invites, departures } = below(firestore);
    await setDoc(changes, newEntry(budget.id(), 'ann', 1));
    await setDoc(keys, newWrap('eve'));
    await setDoc(invites, newInvite('ann'));
    await setDoc(departures, newDeparture());
  }),
);

describe('a deleted budget', () => {
  beforeEach(() => budget.overwrite(newTombstone()));

  const list = (firestore: Firestore, kind: string, size = 100): Promise<unknown> =>
    getDocs(query(collection(budgetRef(firestore, budget.id()), kind), limit(size)));

  it('tells everybody that it is: whoever opens an old link has to know', async () => {
    for (const uid of [...Object.keys(MEMBERS), 'out']) {
      await assertSucceeds(getDoc(budgetRef(rules.as(uid), budget.id())));
    }
    await assertSucceeds(getDoc(budgetRef(rules.asAnonymousUser('anon'), budget.id())));
    await assertFails(getDoc(budgetRef(rules.asNobody(), budget.id())));
  });

  it('never changes again', async () => {
    const ann = rules.asSignedIn('ann');
    await assertFails(budget.update(ann, { members: { ...MEMBERS, eve: 'owner' } }));
    await assertFails(budget.update(ann, { epoch: 2 }));
    await assertFails(budget.update(ann, { deleted: false, tombstone: filledBytes(0) }));
    await assertFails(budget.update(ann, { tombstone: filledBytes(10, 1) }));
    await assertFails(deleteDoc(budgetRef(ann, budget.id())));
  });

  it('keeps its id: nobody takes it over', async () => {
    for (const uid of ['ann', 'eve', 'out']) {
      const genesis = newEntry(budget.id(), uid, 1);
      await assertFails(commitGenesis(rules.as(uid), budget.id(), newBudget(uid), genesis));
    }
    await rules.bypassRules((firestore) => deleteDoc(changeRef(firestore, budget.id(), 1)));
    const genesis = newEntry(budget.id(), 'ann', 1);
    await assertFails(commitGenesis(rules.as('ann'), budget.id(), newBudget('ann'), genesis));
  });

  it.each(KINDS)('shows what is left to remove to owners only: %s', async (kind) => {
    await assertSucceeds(list(rules.as('ann'), kind));
    for (const uid of ['eve', 'vic', 'out', 'gone']) await assertFails(list(rules.as(uid), kind));
    await assertFails(list(rules.asNobody(), kind));
  });

  it('shows departures a bounded number at a time', async () => {
    await assertFails(list(rules.as('ann'), 'departures', 101));
    await assertFails(getDocs(collection(budgetRef(rules.as('ann'), budget.id()), 'departures')));
  });

  it('is read by no member who is no owner', async () => {
    const { changes, keys, departures } = below(rules.as('eve'));
    for (const each of [changes, keys, departures]) await assertFails(getDoc(each));
  });

  it.each(KINDS)('lets owners alone remove what is below it: %s', async (kind) => {
    const removeAs = (firestore: Firestore): Promise<void> => deleteDoc(below(firestore)[kind]);
    for (const uid of ['eve', 'vic', 'out', 'gone']) await assertFails(removeAs(rules.as(uid)));
    await assertFails(removeAs(rules.asNobody()));
    await assertSucceeds(removeAs(rules.as('ann')));
    // It is gone already, which is no reason to stop a removal that runs twice.
    await assertSucceeds(removeAs(rules.as('ann')));
  });

  it('is emptied twenty documents at a time', async () => {
    const firestore = rules.as('ann');
    const batch = writeBatch(firestore);
    for (const each of Object.values(below(firestore))) batch.delete(each);
    for (let seq = 2; seq <= 17; seq++) batch.delete(changeRef(firestore, budget.id(), seq));
    await assertSucceeds(batch.commit());
  });

  it('takes in nothing new', async () => {
    const ann = rules.as('ann');
    await assertFails(setDoc(changeRef(ann, budget.id(), 2), newEntry(budget.id(), 'ann', 2)));
    await assertFails(setDoc(wrapRef(ann, budget.id(), 'vic'), newWrap('vic')));
    await assertFails(setDoc(inviteRef(ann, budget.id(), newId()), newInvite('ann')));
    await assertFails(setDoc(departureRef(ann, budget.id(), 'vic'), newDeparture()));
    const out = rules.as('out');
    await assertFails(setDoc(inviteRef(out, budget.id(), inviteId), acceptedBy('out')));
  });
});

describe('a budget that lives', () => {
  it('loses nothing below it, not even to an owner', async () => {
    for (const uid of [...Object.keys(MEMBERS), 'out']) {
      for (const each of Object.values(below(rules.asSignedIn(uid))))
        await assertFails(deleteDoc(each));
    }
  });

  it('loses nothing in the commit that deletes it: first it is marked', async () => {
    const firestore = rules.asSignedIn('ann');
    const batch = writeBatch(firestore).update(budgetRef(firestore, budget.id()), newTombstone());
    for (const each of Object.values(below(firestore))) batch.delete(each);
    await assertFails(batch.commit());
  });
});

describe('where there is no budget', () => {
  it('nothing is removed', async () => {
    const firestore = rules.as('ann');
    const nowhere = doc(firestore, 'budgets', newId(), 'keys', `${KID}_ann`);
    await assertFails(deleteDoc(nowhere));
    await assertFails(setDoc(nowhere, newWrap('ann')));
  });
});
