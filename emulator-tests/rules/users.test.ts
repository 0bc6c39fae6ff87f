import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  doc,
  getDoc,
  getDocs,
  limit,
  query,
  serverTimestamp,
  setDoc,
  Timestamp,
  updateDoc,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import { filledBytes, newId, without, type Document } from './sample-log.js';
import { useRules } from './use-rules.js';

const rules = useRules();
let uid: string;

beforeEach(() => {
  uid = newId();
});

describe('public keys', () => {
  const keys: Document = { sign: filledBytes(32, 1), box: filledBytes(32, 2), v: 1 };
  const userRef = (firestore: Firestore): DocumentReference => doc(firestore, 'users', uid);

  it('are published and replaced by their owner', async () => {
    await assertSucceeds(setDoc(userRef(rules.as(uid)), keys));
    await assertSucceeds(setDoc(userRef(rules.as(uid)), { ...keys, sign: filledBytes(32, 3) }));
    await assertSucceeds(updateDoc(userRef(rules.as(uid)), { box: filledBytes(32, 4) }));
  });

  it('are published and replaced by nobody else', async () => {
    await assertFails(setDoc(userRef(rules.as('eve')), keys));
    await assertFails(setDoc(userRef(rules.asNobody()), keys));
    await setDoc(userRef(rules.as(uid)), keys);
    await assertFails(updateDoc(userRef(rules.as('eve')), { box: filledBytes(32, 4) }));
    await assertFails(updateDoc(userRef(rules.asNobody()), { box: filledBytes(32, 4) }));
  });

  it('are read by whoever is signed in', async () => {
    await setDoc(userRef(rules.as(uid)), keys);
    await assertSucceeds(getDoc(userRef(rules.as('eve'))));
    await assertSucceeds(getDoc(userRef(rules.asAnonymousUser('anon'))));
    await assertFails(getDoc(userRef(rules.asNobody())));
  });

  it('are never listed', async () => {
    await assertFails(getDocs(query(collection(rules.as(uid), 'users'), limit(1))));
  });

  it('are never deleted', async () => {
    await setDoc(userRef(rules.as(uid)), keys);
    await assertFails(deleteDoc(userRef(rules.as(uid))));
  });

  it.each(['sign', 'box', 'v'])('are refused without %s', async (field) => {
    await assertFails(setDoc(userRef(rules.as(uid)), without(keys, field)));
  });

  it.each<[string, Document]>([
    ['another field', { name: 'x' }],
    ['a sign that is too short', { sign: filledBytes(31) }],
    ['a sign that is too long', { sign: filledBytes(33) }],
    ['a sign of another type', { sign: 'x'.repeat(32) }],
    ['a box that is too short', { box: filledBytes(31) }],
    ['a box that is too long', { box: filledBytes(33) }],
    ['a box of another type', { box: Array.from({ length: 32 }, () => 0) }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
  ])('are refused with %s', async (_what, change) => {
    await assertFails(setDoc(userRef(rules.as(uid)), { ...keys, ...change }));
    await setDoc(userRef(rules.as(uid)), keys);
    await assertFails(updateDoc(userRef(rules.as(uid)), change));
  });
});

describe("the server's clock", () => {
  const clockRef = (firestore: Firestore): DocumentReference =>
    doc(firestore, 'users', uid, 'clock', 'now');

  it('is asked again and again by its owner', async () => {
    const firestore = rules.as(uid);
    await assertSucceeds(setDoc(clockRef(firestore), { at: serverTimestamp() }));
    await assertSucceeds(setDoc(clockRef(firestore), { at: serverTimestamp() }));
    await assertSucceeds(getDoc(clockRef(firestore)));
  });

  it('is asked by nobody else', async () => {
    for (const firestore of [rules.as('eve'), rules.asNobody()]) {
      await assertFails(setDoc(clockRef(firestore), { at: serverTimestamp() }));
      await assertFails(getDoc(clockRef(firestore)));
    }
    await setDoc(clockRef(rules.as(uid)), { at: serverTimestamp() });
    await assertFails(updateDoc(clockRef(rules.as('eve')), { at: serverTimestamp() }));
  });

  it.each<[string, Document]>([
    ['a time of its own', { at: Timestamp.now() }],
    ['a number', { at: Date.now() }],
    ['no time', {}],
    ['another field', { at: serverTimestamp(), note: 'x' }],
  ])('takes nothing but the time: %s is refused', async (_what, data) => {
    await assertFails(setDoc(clockRef(rules.as(uid)), data));
    await setDoc(clockRef(rules.as(uid)), { at: serverTimestamp() });
    await assertFails(setDoc(clockRef(rules.as(uid)), data));
  });

  it('is neither listed nor deleted', async () => {
    const firestore = rules.as(uid);
    await setDoc(clockRef(firestore), { at: serverTimestamp() });
    await assertFails(getDocs(query(collection(firestore, 'users', uid, 'clock'), limit(1))));
    await assertFails(deleteDoc(clockRef(firestore)));
  });
});
