import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
  writeBatch,
  type Firestore,
} from 'firebase/firestore';
import { describe, it } from 'vitest';
import { budgetRef, filledBytes, without, type Document } from './sample-log.js';
import { departureRef, newDeparture } from './sample-people.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);

const store = (firestore: Firestore, uid: string, change: Document = {}): Promise<void> =>
  setDoc(departureRef(firestore, budget.id(), uid), { ...newDeparture(), ...change });

/** Removes somebody, and stores a notice about `about`. */
function remove(firestore: Firestore, about: string, members: Document, notice = newDeparture()) {
  return writeBatch(firestore)
    .set(departureRef(firestore, budget.id(), about), notice)
    .update(budgetRef(firestore, budget.id()), { members, epoch: 2, rekey: false })
    .commit();
}

const leave = (uid: string, notice: Document): Promise<void> => {
  const firestore = rules.as(uid);
  return writeBatch(firestore)
    .set(departureRef(firestore, budget.id(), uid), notice)
    .update(budgetRef(firestore, budget.id()), { members: without(MEMBERS, uid), rekey: true })
    .commit();
};

describe('the notice of a departure', () => {
  it('is stored by an owner in the commit that removes somebody', async () => {
    const ann = rules.asSignedIn('ann');
    await assertFails(store(ann, 'eve'));
    await assertSucceeds(remove(ann, 'eve', without(MEMBERS, 'eve')));
    await assertFails(store(ann, 'eve'));
  });

  it('is not stored about somebody who stays, or who never was a member', async () => {
    const ann = rules.asSignedIn('ann');
    await assertFails(remove(ann, 'vic', without(MEMBERS, 'eve')));
    await assertFails(remove(ann, 'out', without(MEMBERS, 'eve')));
    await assertFails(remove(ann, 'e', without(MEMBERS, 'eve')));
  });

  it('is stored by nobody else', async () => {
    for (const firestore of [rules.asSignedIn('eve'), rules.asSignedIn('out'), rules.asNobody()]) {
      await assertFails(store(firestore, 'vic'));
      await assertFails(remove(firestore, 'vic', without(MEMBERS, 'vic')));
    }
    await assertFails(store(rules.as('eve'), 'eve'));
    await assertFails(store(rules.as('out'), 'out'));
  });

  it('is stored anew by whoever came back and leaves again', async () => {
    await assertSucceeds(leave('eve', newDeparture()));
    await budget.overwrite({ members: MEMBERS });
    await assertSucceeds(leave('eve', { v: 1, notice: filledBytes(99) }));
  });

  it.each(['v', 'notice'])('is refused without %s', async (field) => {
    await assertFails(leave('eve', without(newDeparture(), field)));
  });

  it.each<[string, Document]>([
    ['another field', { note: 'x' }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
    ['nothing in it', { notice: filledBytes(0) }],
    ['too much in it', { notice: filledBytes(1025) }],
    ['a notice of another type', { notice: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(leave('eve', { ...newDeparture(), ...change }));
    await rules.bypassRules((firestore) => store(firestore, 'eve'));
    await assertFails(leave('eve', { ...newDeparture(), ...change }));
  });

  it('may be as large as it is allowed to', async () => {
    await assertSucceeds(leave('eve', { v: 1, notice: filledBytes(1024) }));
  });

  it('is read by whom it is about and by members', async () => {
    await rules.bypassRules((firestore) => store(firestore, 'gone'));
    for (const uid of ['gone', ...Object.keys(MEMBERS)]) {
      await assertSucceeds(getDoc(departureRef(rules.as(uid), budget.id(), 'gone')));
    }
    await assertFails(getDoc(departureRef(rules.as('out'), budget.id(), 'gone')));
    await assertFails(getDoc(departureRef(rules.asNobody(), budget.id(), 'gone')));
  });

  it('is neither listed nor removed while the budget lives', async () => {
    await rules.bypassRules((firestore) => store(firestore, 'gone'));
    for (const uid of ['gone', ...Object.keys(MEMBERS)]) {
      const firestore = rules.asSignedIn(uid);
      const departures = collection(budgetRef(firestore, budget.id()), 'departures');
      await assertFails(getDocs(query(departures, limit(1))));
      await assertFails(deleteDoc(departureRef(firestore, budget.id(), 'gone')));
    }
  });
});
