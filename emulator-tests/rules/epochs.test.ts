import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import { setDoc, writeBatch, type Firestore } from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import { MINUTE_MS } from './sample-people.js';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newEntry,
  newId,
  without,
  type Document,
} from './sample-log.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);

const start = (firestore: Firestore, change: Document = {}): Promise<void> =>
  budget.update(firestore, { epoch: 2, rekey: false, ...change });

describe('starting an epoch', () => {
  it.each(['ann', 'eve', 'e.d'])('is open to %s, who owns or edits', async (uid) => {
    await assertSucceeds(start(rules.as(uid)));
    await assertSucceeds(start(rules.as(uid), { epoch: 3 }));
  });

  it('is closed to viewers and strangers', async () => {
    for (const firestore of [rules.as('vic'), rules.as('out'), rules.as('e'), rules.asNobody()]) {
      await assertFails(start(firestore));
      await assertFails(start(firestore, { members: { ...MEMBERS, out: 'editor' } }));
    }
  });

  it.each(['ann', 'eve'])('lets %s end the wait that a departure caused', async (uid) => {
    await budget.overwrite({ rekey: true });
    await assertFails(budget.update(rules.as(uid), { rekey: false }));
    await assertFails(budget.update(rules.as(uid), { epoch: 2 }));
    await assertSucceeds(start(rules.as(uid)));
  });

  it.each<[string, Document]>([
    ['one further on', { epoch: 3 }],
    ['one before', { epoch: 0 }],
    ['an epoch that is no integer', { epoch: 2.5 }],
    ['an epoch of another type', { epoch: '2' }],
    ['a wait for another', { rekey: true }],
    ['a floor', { floor: 1 }],
    ['another version', { v: 2 }],
    ['an invite', { invite: newId() }],
    ['a tombstone', { tombstone: filledBytes(9) }],
    ['a deletion', { deleted: true }],
    ['another field', { note: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(start(rules.asSignedIn('ann'), change));
  });

  it('is where an owner removes somebody, who signed in lately', async () => {
    const members = without(MEMBERS, 'eve');
    await assertFails(start(rules.as('ann'), { members }));
    await assertFails(start(rules.asSignedIn('ann', 16 * MINUTE_MS), { members }));
    await assertSucceeds(start(rules.asSignedIn('ann', 14 * MINUTE_MS), { members }));
  });

  it('is no way to remove somebody under cover of an arrival', async () => {
    const members = { ...without(MEMBERS, 'eve'), 'new.one': 'editor' };
    await assertFails(start(rules.as('ann'), { members }));
    await assertSucceeds(start(rules.asSignedIn('ann'), { members }));
  });

  it('lets an owner change roles and add members whenever they signed in', async () => {
    const members = { ...MEMBERS, eve: 'viewer', 'new.one': 'editor' };
    await assertSucceeds(start(rules.as('ann'), { members }));
  });

  it.each<[string, Document]>([
    ['adds', { ...MEMBERS, 'new.one': 'viewer' }],
    ['promotes', { ...MEMBERS, eve: 'owner' }],
    ['removes', without(MEMBERS, 'vic')],
    ['leaves', without(MEMBERS, 'eve')],
  ])('is refused to an editor who %s along with it', async (_what, members) => {
    await assertFails(start(rules.asSignedIn('eve'), { members }));
  });

  it('is no way out: whoever starts an epoch is in it, and so is an owner', async () => {
    const ann = rules.asSignedIn('ann');
    await assertFails(start(ann, { members: { ...without(MEMBERS, 'ann'), eve: 'owner' } }));
    await assertFails(start(ann, { members: { ...MEMBERS, ann: 'editor' } }));
    await assertSucceeds(start(ann, { members: { ...MEMBERS, ann: 'editor', eve: 'owner' } }));
  });
});

describe('the entry that starts an epoch', () => {
  beforeEach(() =>
    rules.bypassRules((firestore) =>
      setDoc(changeRef(firestore, budget.id(), 1), newEntry(budget.id(), 'ann', 1)),
    ),
  );

  const append = (uid: string, epoch: number): Promise<void> =>
    setDoc(changeRef(rules.as(uid), budget.id(), 2), { ...newEntry(budget.id(), uid, 2), epoch });

  const startWith = (uid: string, epoch: number, change: Document = {}): Promise<void> => {
    const firestore = rules.asSignedIn(uid);
    return writeBatch(firestore)
      .set(changeRef(firestore, budget.id(), 2), { ...newEntry(budget.id(), uid, 2), epoch })
      .update(budgetRef(firestore, budget.id()), { epoch: 2, rekey: false, ...change })
      .commit();
  };

  it('comes in one commit with it', async () => {
    await assertFails(append('eve', 2));
    await assertFails(startWith('eve', 1));
    await assertSucceeds(startWith('eve', 2));
  });

  it('is all that may be appended after somebody left', async () => {
    await budget.overwrite({ rekey: true });
    await assertFails(append('eve', 1));
    await assertFails(append('eve', 2));
    await assertFails(startWith('eve', 1));
    await assertFails(startWith('eve', 2, { rekey: true }));
    await assertSucceeds(startWith('eve', 2));
  });

  it('ends the epoch before: nothing is appended under it', async () => {
    await assertSucceeds(start(rules.as('ann')));
    await assertFails(append('eve', 1));
    await assertSucceeds(append('eve', 2));
  });

  it('is not written by whoever it removes', async () => {
    await assertSucceeds(startWith('ann', 2, { members: without(MEMBERS, 'eve') }));
    const next = { ...newEntry(budget.id(), 'eve', 3), epoch: 2 };
    await assertFails(setDoc(changeRef(rules.as('eve'), budget.id(), 3), next));
  });
});
