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
  updateDoc,
  writeBatch,
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

const slot: Document = { v: 1, generation: 1, after: 0, slot: filledBytes(300, 1) };
const slotRef = (firestore: Firestore, name = 'passphrase'): DocumentReference =>
  doc(firestore, 'users', uid, 'keyslots', name);

/** The firestore of the slots' owner, who has stored those. */
async function store(...names: readonly string[]): Promise<Firestore> {
  const firestore = rules.as(uid);
  for (const name of names) await setDoc(slotRef(firestore, name), slot);
  return firestore;
}

describe('keyslots', () => {
  it('are stored, read and listed by their owner', async () => {
    const firestore = rules.as(uid);
    await assertSucceeds(setDoc(slotRef(firestore), slot));
    await assertSucceeds(getDoc(slotRef(firestore)));
    const slots = collection(firestore, 'users', uid, 'keyslots');
    await assertSucceeds(getDocs(query(slots, limit(20))));
  });

  it('are seen, stored and removed by nobody else', async () => {
    const own = await store('passphrase', 'recovery');
    for (const firestore of [rules.as('eve'), rules.asNobody()]) {
      const slots = collection(firestore, 'users', uid, 'keyslots');
      await assertFails(getDoc(slotRef(firestore)));
      await assertFails(getDocs(query(slots, limit(20))));
      await assertFails(setDoc(slotRef(firestore, 'laptop'), slot));
      await assertFails(updateDoc(slotRef(firestore), { generation: 2 }));
      await assertFails(deleteDoc(slotRef(firestore)));
    }
    await assertSucceeds(getDoc(slotRef(own)));
  });

  it('are listed a bounded number at a time', async () => {
    const slots = collection(await store('passphrase'), 'users', uid, 'keyslots');
    await assertFails(getDocs(query(slots, limit(21))));
    await assertFails(getDocs(slots));
  });

  it('are replaced by a newer one only, so that a slow device overwrites nothing', async () => {
    const firestore = await store('passphrase');
    const put = (after: number, generation: number): Promise<void> =>
      setDoc(slotRef(firestore), { ...slot, after, generation });
    await assertFails(put(0, 1));
    await assertFails(put(0, 5));
    await assertSucceeds(put(1, 5));
    await assertFails(put(1, 6));
    await assertFails(put(5, 5));
    await assertFails(put(5, 4));
    await assertSucceeds(put(5, 6));
  });

  it.each(['v', 'generation', 'after', 'slot'])('are refused without %s', async (field) => {
    await assertFails(setDoc(slotRef(rules.as(uid)), without(slot, field)));
  });

  it.each<[string, Document]>([
    ['another field', { name: 'x' }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
    ['a generation of none', { generation: 0 }],
    ['a generation of another type', { generation: 2.5 }],
    ['a predecessor below none', { after: -1 }],
    ['a predecessor of another type', { after: 0.5 }],
    ['nothing in it', { slot: filledBytes(0) }],
    ['too much in it', { slot: filledBytes(4097) }],
    ['a slot of another type', { slot: 'x'.repeat(300) }],
  ])('are refused with %s', async (_what, change) => {
    await assertFails(setDoc(slotRef(rules.as(uid)), { ...slot, ...change }));
    const firestore = await store('passphrase');
    await assertFails(setDoc(slotRef(firestore), { ...slot, generation: 2, after: 1, ...change }));
  });

  it('are not created as the successor of one that is gone', async () => {
    const firestore = rules.as(uid);
    await assertFails(setDoc(slotRef(firestore), { ...slot, after: 1, generation: 2 }));
  });

  it('may be as large as they are allowed to', async () => {
    const firestore = rules.as(uid);
    await assertSucceeds(setDoc(slotRef(firestore), { ...slot, slot: filledBytes(4096) }));
  });

  it.each(['Laptop', 'my laptop', 'läptop', 'x'.repeat(65), 'a.b'])(
    'are refused under the name %s',
    async (name) => {
      await assertFails(setDoc(slotRef(rules.as(uid), name), slot));
    },
  );

  it.each(['passkey-0f', 'x'.repeat(64)])('are stored under the name %s', async (name) => {
    await assertSucceeds(setDoc(slotRef(rules.as(uid), name), slot));
  });

  it('are removed while a passphrase or a recovery phrase stays', async () => {
    const firestore = await store('passphrase', 'recovery', 'passkey-1', 'passkey-2');
    await assertSucceeds(deleteDoc(slotRef(firestore, 'passkey-1')));
    await assertSucceeds(deleteDoc(slotRef(firestore, 'passphrase')));
    await assertSucceeds(deleteDoc(slotRef(firestore, 'passkey-2')));
    await assertFails(deleteDoc(slotRef(firestore, 'recovery')));
  });

  it('are not all removed, so that nobody locks themselves out', async () => {
    const firestore = await store('passphrase', 'recovery', 'passkey');
    const batch = writeBatch(firestore);
    batch.delete(slotRef(firestore, 'passphrase')).delete(slotRef(firestore, 'recovery'));
    await assertFails(batch.commit());
    await assertSucceeds(deleteDoc(slotRef(firestore, 'recovery')));
    await assertFails(deleteDoc(slotRef(firestore, 'passphrase')));
  });
});
