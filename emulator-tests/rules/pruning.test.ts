import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  deleteDoc,
  deleteField,
  setDoc,
  writeBatch,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import { budgetRef, changeRef, newEntry, type Document } from './sample-log.js';
import { MINUTE_MS, newTombstone } from './sample-people.js';
import { oldHeader, snapshotIdBy, snapshotRef } from './sample-snapshots.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);
const BASE = snapshotIdBy('eve', 5);

const storeSnapshot = (seq: number, days: number): Promise<void> =>
  rules.bypassRules((firestore) =>
    setDoc(
      snapshotRef(firestore, budget.id(), snapshotIdBy('eve', seq)),
      oldHeader(budget.id(), 'eve', seq, days),
    ),
  );

beforeEach(() => storeSnapshot(5, 31));

describe('raising the floor', () => {
  const raise = (firestore: Firestore, change: Document = {}): Promise<void> =>
    budget.update(firestore, { floor: 3, base: BASE, ...change });

  it('is for owners who signed in lately', async () => {
    await assertFails(raise(rules.as('ann')));
    await assertFails(raise(rules.asSignedIn('ann', 16 * MINUTE_MS)));
    await assertSucceeds(raise(rules.asSignedIn('ann', 14 * MINUTE_MS)));
  });

  it('is for nobody else', async () => {
    for (const uid of ['eve', 'vic', 'out']) await assertFails(raise(rules.asSignedIn(uid)));
    await assertFails(raise(rules.asNobody()));
  });

  it('ends below the snapshot', async () => {
    const ann = rules.asSignedIn('ann');
    for (const floor of [5, 6]) await assertFails(raise(ann, { floor }));
    await assertSucceeds(raise(ann, { floor: 4 }));
  });

  it('never lowers it, nor names another base alone', async () => {
    const ann = rules.asSignedIn('ann');
    await storeSnapshot(6, 31);
    await assertSucceeds(raise(ann));
    for (const floor of [2, 0, -1]) await assertFails(raise(ann, { floor }));
    await assertFails(raise(ann, { base: snapshotIdBy('eve', 6) }));
    await assertFails(raise(ann, { base: '' }));
    await assertSucceeds(raise(ann, { floor: 4 }));
    await assertSucceeds(raise(ann, { floor: 5, base: snapshotIdBy('eve', 6) }));
  });

  it.each([
    ['has stood for less than 30 days', 29.99, false],
    ['has stood for 30 days', 30.01, true],
  ])('rests on a snapshot that %s: %f, %j', async (_what, days, isAllowed) => {
    await storeSnapshot(9, days);
    const raised = raise(rules.asSignedIn('ann'), { base: snapshotIdBy('eve', 9) });
    await (isAllowed ? assertSucceeds(raised) : assertFails(raised));
  });

  it.each<[string, Document]>([
    ['a base that is not there', { base: snapshotIdBy('ann', 5) }],
    ['no base', { base: '' }],
    ['a base of another type', { base: 5 }],
    ['a floor of another type', { floor: '3' }],
    ['a floor that is no integer', { floor: 3.5 }],
    ['other members', { members: { ...MEMBERS, eve: 'owner' } }],
    ['an epoch', { epoch: 2 }],
    ['a wait for a new key', { rekey: true }],
    ['another field', { note: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(raise(rules.asSignedIn('ann'), change));
  });

  it('is refused once the budget is deleted, and in the commit that deletes it', async () => {
    await assertFails(raise(rules.asSignedIn('ann'), newTombstone()));
    await budget.overwrite(newTombstone());
    await assertFails(raise(rules.asSignedIn('ann')));
  });

  it('goes on in a budget of before there were snapshots, as all else does', async () => {
    const ann = rules.asSignedIn('ann');
    await budget.overwrite({ base: deleteField() });
    await assertSucceeds(budget.update(ann, { members: { ...MEMBERS, new: 'viewer' } }));
    await assertFails(raise(ann, { note: 'x' }));
    await assertFails(budget.update(ann, { floor: 3 }));
    await assertSucceeds(raise(ann));
    await assertFails(budget.update(ann, { base: deleteField() }));
  });
});

describe('an entry', () => {
  beforeEach(async () => {
    await rules.bypassRules(async (firestore) => {
      for (const seq of [1, 2, 3, 4]) {
        await setDoc(entryRef(firestore, seq), newEntry(budget.id(), 'ann', seq));
      }
    });
    await budget.overwrite({ floor: 2, base: BASE });
  });

  const entryRef = (firestore: Firestore, id: number | string): DocumentReference =>
    changeRef(firestore, budget.id(), id);

  it('at or below the floor is removed by an owner who signed in lately', async () => {
    for (const seq of [1, 2]) {
      await assertFails(deleteDoc(entryRef(rules.as('ann'), seq)));
      await assertFails(deleteDoc(entryRef(rules.asSignedIn('ann', 16 * MINUTE_MS), seq)));
      await assertSucceeds(deleteDoc(entryRef(rules.asSignedIn('ann', 14 * MINUTE_MS), seq)));
      await assertSucceeds(deleteDoc(entryRef(rules.asSignedIn('ann'), seq)));
    }
  });

  it('is removed by nobody else', async () => {
    for (const uid of ['eve', 'vic', 'out']) {
      await assertFails(deleteDoc(entryRef(rules.asSignedIn(uid), 1)));
    }
    await assertFails(deleteDoc(entryRef(rules.asNobody(), 1)));
  });

  it('above the floor stays, also in the commit that raises it', async () => {
    const ann = rules.asSignedIn('ann');
    await assertFails(deleteDoc(entryRef(ann, 3)));
    await assertFails(deleteDoc(entryRef(ann, 'x')));
    const batch = writeBatch(ann)
      .update(budgetRef(ann, budget.id()), { floor: 3, base: BASE })
      .delete(entryRef(ann, 3));
    await assertFails(batch.commit());
  });

  it('is not written again where one was removed', async () => {
    const ann = rules.asSignedIn('ann');
    for (const seq of [1, 2]) await deleteDoc(entryRef(ann, seq));
    for (const seq of [1, 2]) {
      await assertFails(setDoc(entryRef(ann, seq), newEntry(budget.id(), 'ann', seq)));
    }
    await assertSucceeds(setDoc(entryRef(ann, 5), newEntry(budget.id(), 'ann', 5)));
  });
});
