import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import { getDoc, setDoc, writeBatch } from 'firebase/firestore';
import { describe, it } from 'vitest';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newEntry,
  newId,
  without,
  type Document,
} from './sample-log.js';
import { departureRef, newDeparture } from './sample-people.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);

/** All that leaving takes, in one commit. */
function leave(
  uid: string,
  change: Document = {},
  firestore = rules.as(uid),
  members: Document = MEMBERS,
): Promise<void> {
  return writeBatch(firestore)
    .set(departureRef(firestore, budget.id(), uid), newDeparture())
    .update(budgetRef(firestore, budget.id()), {
      members: without(members, uid),
      rekey: true,
      ...change,
    })
    .commit();
}

const storeDeparture = (uid: string): Promise<void> =>
  rules.bypassRules((firestore) =>
    setDoc(departureRef(firestore, budget.id(), uid), newDeparture()),
  );

describe('leaving', () => {
  it.each(['eve', 'e.d', 'vic'])('is open to %s, who reads nothing from then on', async (uid) => {
    await assertSucceeds(leave(uid));
    await assertFails(getDoc(budgetRef(rules.as(uid), budget.id())));
    await assertFails(getDoc(changeRef(rules.as(uid), budget.id(), 1)));
  });

  it('is open to an owner while another one stays', async () => {
    await assertFails(leave('ann'));
    const members = { ...MEMBERS, eve: 'owner' };
    await budget.overwrite({ members });
    await assertSucceeds(leave('ann', {}, rules.as('ann'), members));
  });

  it('is closed to the last member', async () => {
    await budget.overwrite({ members: { ann: 'owner' } });
    await assertFails(leave('ann', {}, rules.as('ann'), { ann: 'owner' }));
  });

  it('is closed to whoever is no member, or not signed in', async () => {
    await storeDeparture('out');
    await storeDeparture('e');
    await assertFails(leave('out'));
    await assertFails(leave('e'));
    await assertFails(leave('eve', {}, rules.asNobody()));
  });

  it('lets nobody who left stop the others by asking for a new key', async () => {
    await assertSucceeds(leave('eve'));
    await budget.overwrite({ rekey: false });
    await assertFails(budget.update(rules.as('eve'), { rekey: true }));
    await assertFails(leave('eve'));
  });

  it('takes a notice', async () => {
    const change = { members: without(MEMBERS, 'eve'), rekey: true };
    await assertFails(budget.update(rules.as('eve'), change));
    await storeDeparture('vic');
    await assertFails(budget.update(rules.as('eve'), change));
  });

  it('asks for a new key, which may have been asked for before', async () => {
    await assertFails(leave('eve', { rekey: false }));
    await budget.overwrite({ rekey: true });
    await assertFails(leave('eve', { rekey: false }));
    await assertSucceeds(leave('eve'));
  });

  it.each<[string, Document]>([
    ['somebody else', without(MEMBERS, 'vic')],
    ['somebody else as well', without(without(MEMBERS, 'eve'), 'vic')],
    ['nobody', MEMBERS],
  ])('takes out the leaver: %s is refused', async (_who, members) => {
    await storeDeparture('eve');
    await assertFails(leave('eve', { members }));
    await assertFails(budget.update(rules.as('eve'), { members, rekey: true }));
  });

  it.each<[string, Document]>([
    ['an arrival', { members: { ...without(MEMBERS, 'eve'), pal: 'editor' } }],
    ['another role', { members: { ...without(MEMBERS, 'eve'), vic: 'editor' } }],
    ['a lower role of its own', { members: { ...MEMBERS, eve: 'viewer' } }],
    ['an epoch', { epoch: 2 }],
    ['an epoch and no wait', { epoch: 2, rekey: false }],
    ['a floor', { floor: 1 }],
    ['an invite', { invite: newId() }],
    ['a deletion', { deleted: true }],
    ['a tombstone', { tombstone: filledBytes(9) }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(leave('eve', change));
  });

  it('is refused once the budget is deleted', async () => {
    await budget.overwrite({ deleted: true });
    await assertFails(leave('eve'));
  });

  it('is not the moment for a last word in the log', async () => {
    await rules.bypassRules((firestore) =>
      setDoc(changeRef(firestore, budget.id(), 1), newEntry(budget.id(), 'ann', 1)),
    );
    const firestore = rules.as('eve');
    await assertFails(
      writeBatch(firestore)
        .set(departureRef(firestore, budget.id(), 'eve'), newDeparture())
        .set(changeRef(firestore, budget.id(), 2), newEntry(budget.id(), 'eve', 2))
        .update(budgetRef(firestore, budget.id()), {
          members: without(MEMBERS, 'eve'),
          rekey: true,
        })
        .commit(),
    );
  });
});
