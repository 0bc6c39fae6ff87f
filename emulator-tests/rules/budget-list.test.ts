import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  collectionGroup,
  deleteDoc,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import { filledBytes, newId, without, type Document } from './sample-log.js';
import { newPin, pinRef } from './sample-people.js';
import { useRules } from './use-rules.js';

const rules = useRules();
let uid: string;
let budgetId: string;

beforeEach(() => {
  uid = newId();
  budgetId = newId();
});

const put = (change: Document = {}, id = budgetId): Promise<void> =>
  setDoc(pinRef(rules.as(uid), uid, id), { ...newPin(), ...change });

const list = (firestore: Firestore, size: number): Promise<unknown> =>
  getDocs(query(collection(firestore, 'users', uid, 'budgets'), limit(size)));

describe("the list of one's budgets", () => {
  it('is kept by its user', async () => {
    const own = rules.as(uid);
    await assertSucceeds(put());
    await assertSucceeds(put({ pin: filledBytes(1024) }));
    await assertSucceeds(getDoc(pinRef(own, uid, budgetId)));
    await assertSucceeds(list(own, 100));
    await assertSucceeds(deleteDoc(pinRef(own, uid, budgetId)));
  });

  it('is nothing to anybody else', async () => {
    await put();
    for (const firestore of [rules.as('eve'), rules.asNobody()]) {
      await assertFails(getDoc(pinRef(firestore, uid, budgetId)));
      await assertFails(list(firestore, 1));
      await assertFails(setDoc(pinRef(firestore, uid, newId()), newPin()));
      await assertFails(setDoc(pinRef(firestore, uid, budgetId), newPin()));
      await assertFails(deleteDoc(pinRef(firestore, uid, budgetId)));
    }
  });

  it('is shown a bounded number at a time, and not across users', async () => {
    await assertFails(list(rules.as(uid), 101));
    await assertFails(getDocs(collection(rules.as(uid), 'users', uid, 'budgets')));
    await assertFails(getDocs(query(collectionGroup(rules.as(uid), 'budgets'), limit(1))));
  });

  it.each(['v', 'pin'])('takes no note without %s', async (field) => {
    const pin = pinRef(rules.as(uid), uid, budgetId);
    await assertFails(setDoc(pin, without(newPin(), field)));
  });

  it.each<[string, Document]>([
    ['another field', { name: 'x' }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
    ['nothing in it', { pin: filledBytes(0) }],
    ['too much in it', { pin: filledBytes(1025) }],
    ['a pin of another type', { pin: 'x' }],
  ])('takes no note with %s', async (_what, change) => {
    await assertFails(put(change));
    await put();
    await assertFails(put(change));
  });

  it.each(['a'.repeat(31), 'a'.repeat(33), 'A'.repeat(32), 'g'.repeat(32)])(
    'takes no note of a budget of the id %s',
    async (id) => {
      await assertFails(put({}, id));
    },
  );
});
