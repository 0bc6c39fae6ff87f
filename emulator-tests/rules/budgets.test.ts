import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  deleteField,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
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
  without,
  type Document,
} from './sample-log.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
let budgetId: string;

beforeEach(() => {
  budgetId = newId();
});

describe('creating a budget', () => {
  const create = (budget: Document): Promise<void> =>
    commitGenesis(rules.as('ann'), budgetId, budget, newEntry(budgetId, 'ann', 1));

  it('is open to whoever is signed in, anonymously or not', async () => {
    const otherId = newId();
    await assertSucceeds(create(newBudget('ann')));
    await assertSucceeds(
      commitGenesis(
        rules.asAnonymousUser('anon'),
        otherId,
        newBudget('anon'),
        newEntry(otherId, 'anon', 1),
      ),
    );
  });

  it('is closed to whoever is not', async () => {
    await assertFails(
      commitGenesis(rules.asNobody(), budgetId, newBudget('ann'), newEntry(budgetId, 'ann', 1)),
    );
  });

  it('takes a uid with dots literally', async () => {
    const firestore = rules.as('a.b');
    await assertSucceeds(
      commitGenesis(firestore, budgetId, newBudget('a.b'), newEntry(budgetId, 'a.b', 1)),
    );
    await assertSucceeds(getDoc(budgetRef(firestore, budgetId)));
    const nested = { ...newBudget('a.b'), members: { a: { b: 'owner' } } };
    const otherId = newId();
    await assertFails(commitGenesis(firestore, otherId, nested, newEntry(otherId, 'a.b', 1)));
  });

  it.each([
    ['is too short', 'a'.repeat(31)],
    ['is too long', 'a'.repeat(33)],
    ['has capital letters', 'A'.repeat(32)],
    ['has other characters', 'g'.repeat(32)],
    ['ends in a line break', `${'a'.repeat(31)}\n`],
  ])('is refused under an id that %s', async (_reason, id) => {
    // Its first change is there already: no rule of the log can be what refuses.
    await rules.bypassRules((firestore) =>
      setDoc(changeRef(firestore, id, 1), newEntry(budgetId, 'ann', 1)),
    );
    await assertFails(setDoc(budgetRef(rules.as('ann'), id), newBudget('ann')));
  });

  it.each(Object.keys(newBudget('ann')))('is refused without %s', async (field) => {
    await assertFails(create(without(newBudget('ann'), field)));
  });

  it('is refused with another field in place of one', async () => {
    await assertFails(create({ ...without(newBudget('ann'), 'rekey'), note: 'x' }));
  });

  it.each<[string, Document]>([
    ['another field', { note: 'x' }],
    ['members of another type', { members: ['ann'] }],
    ['no members', { members: {} }],
    ['a second member', { members: { ann: 'owner', bob: 'editor' } }],
    ['somebody else as its only member', { members: { bob: 'owner' } }],
    ['a creator who is no owner', { members: { ann: 'editor' } }],
    ['a later epoch', { epoch: 2 }],
    ['an epoch that is no integer', { epoch: 1.5 }],
    ['an epoch that is a string', { epoch: '1' }],
    ['a floor', { floor: 1 }],
    ['a negative floor', { floor: -1 }],
    ['a floor that is no integer', { floor: 0.5 }],
    ['a base', { base: 'x' }],
    ['a base of another type', { base: 0 }],
    ['another version', { v: 2 }],
    ['a version that is a string', { v: '1' }],
    ['rekey set', { rekey: true }],
    ['a rekey that is no boolean', { rekey: 0 }],
    ['deleted set', { deleted: true }],
    ['a deleted that is no boolean', { deleted: null }],
    ['an invite', { invite: newId() }],
    ['an invite that is no id', { invite: 'x' }],
    ['an invite that is no string', { invite: 0 }],
    ['a tombstone', { tombstone: filledBytes(1) }],
    ['a tombstone that is too large', { tombstone: filledBytes(1025) }],
    ['a tombstone of another type', { tombstone: '' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(create({ ...newBudget('ann'), ...change }));
  });

  it('is refused at a later epoch even where its first change agrees', async () => {
    const genesis = { ...newEntry(budgetId, 'ann', 1), epoch: 2 };
    const budget = { ...newBudget('ann'), epoch: 2 };
    await assertFails(commitGenesis(rules.as('ann'), budgetId, budget, genesis));
  });

  it('is refused without its first change, which nobody else could add later', async () => {
    await assertFails(setDoc(budgetRef(rules.as('ann'), budgetId), newBudget('ann')));
  });

  it('is refused where a budget stands, so that no id is taken over', async () => {
    await create(newBudget('ann'));
    await assertFails(
      commitGenesis(rules.as('bob'), budgetId, newBudget('bob'), newEntry(budgetId, 'bob', 1)),
    );
    await assertFails(create(newBudget('ann')));
  });
});

describe('an existing budget', () => {
  const budget = useBudget(rules);
  const update = (uid: string, change: Document): Promise<void> =>
    budget.update(rules.as(uid), change);

  it('is read by its members', async () => {
    for (const uid of Object.keys(MEMBERS)) {
      await assertSucceeds(getDoc(budgetRef(rules.as(uid), budget.id())));
    }
  });

  it('is not read by anybody else', async () => {
    await assertFails(getDoc(budgetRef(rules.as('out'), budget.id())));
    await assertFails(getDoc(budgetRef(rules.as('e'), budget.id())));
    await assertFails(getDoc(budgetRef(rules.asNobody(), budget.id())));
  });

  it('is in no list', async () => {
    await assertFails(getDocs(query(collection(rules.as('ann'), 'budgets'), limit(1))));
  });

  it('is never deleted', async () => {
    await assertFails(deleteDoc(budgetRef(rules.asSignedIn('ann'), budget.id())));
  });

  it('lets an owner add members and change their roles', async () => {
    await assertSucceeds(update('ann', { members: { ...MEMBERS, 'new.one': 'editor' } }));
    const changed = { ...MEMBERS, 'new.one': 'viewer', eve: 'owner', vic: 'editor' };
    await assertSucceeds(update('ann', { members: changed }));
    await assertSucceeds(update('eve', { members: { ...changed, 'e.d': 'viewer' } }));
  });

  it('lets an owner step back while another stays', async () => {
    await assertFails(update('ann', { members: { ...MEMBERS, ann: 'editor' } }));
    await assertSucceeds(update('ann', { members: { ...MEMBERS, ann: 'editor', eve: 'owner' } }));
    await assertFails(update('ann', { members: MEMBERS }));
  });

  it('lets nobody go without a new epoch, or they would read on', async () => {
    const left = without(MEMBERS, 'vic');
    await assertFails(update('ann', { members: left }));
    await assertFails(update('ann', { members: { ...left, 'new.one': 'viewer' } }));
    await assertFails(budget.update(rules.asSignedIn('ann'), { members: left }));
    await assertFails(update('ann', { members: without(MEMBERS, 'ann') }));
  });

  it.each(['eve', 'vic', 'out'])(
    'does not let %s, who is no owner, change members',
    async (uid) => {
      await assertFails(update(uid, { members: { ...MEMBERS, [uid]: 'owner' } }));
      await assertFails(update(uid, { members: { ...MEMBERS, 'new.one': 'viewer' } }));
      await assertFails(update(uid, { members: { [uid]: 'owner' } }));
      await assertFails(update(uid, { members: { ...MEMBERS, ann: 'viewer', [uid]: 'owner' } }));
    },
  );

  it('does not let somebody who is not signed in change members', async () => {
    await assertFails(budget.update(rules.asNobody(), { members: MEMBERS }));
  });

  it.each<[string, unknown]>([
    ['without an owner', { ...MEMBERS, ann: 'editor' }],
    ['with an unknown role', { ...MEMBERS, eve: 'admin' }],
    ['with a role that is no string', { ...MEMBERS, eve: { role: 'owner' } }],
    ['of another type', ['ann']],
    ['that are none', {}],
  ])('refuses members %s', async (_what, changed) => {
    await assertFails(update('ann', { members: changed }));
  });

  it('holds fifty members and refuses the fifty-first', async () => {
    const crowd = (size: number): Document => {
      const others = size - Object.keys(MEMBERS).length;
      const newcomers = Array.from({ length: others }, (_, index) => `uid-${String(index)}`);
      return { ...MEMBERS, ...Object.fromEntries(newcomers.map((uid) => [uid, 'viewer'])) };
    };
    await assertSucceeds(update('ann', { members: crowd(50) }));
    await assertFails(update('ann', { members: crowd(51) }));
  });

  it('refuses uids that are longer than any of Firebase', async () => {
    const longest = 50 * 128 - Object.keys(MEMBERS).join('').length;
    const spread = (length: number): Document => ({
      ...MEMBERS,
      ...Object.fromEntries(
        Array.from({ length: 8 }, (_, index) => [
          String(index).repeat(index === 0 ? length - 7 * 800 : 800),
          'viewer',
        ]),
      ),
    });
    await assertFails(update('ann', { members: spread(longest + 1) }));
    await assertSucceeds(update('ann', { members: spread(longest) }));
  });

  it.each<[string, Document]>([
    ['floor', { floor: 1 }],
    ['v', { v: 2 }],
    ['rekey', { rekey: true }],
    ['deleted alone', { deleted: true }],
    ['invite', { invite: 'a'.repeat(32) }],
    ['tombstone alone', { tombstone: filledBytes(9) }],
    ['a field that was not there', { note: 'x' }],
    ['a field by taking it away', { rekey: deleteField() }],
  ])('refuses a change of %s', async (_what, change) => {
    const ann = rules.asSignedIn('ann');
    await assertFails(budget.update(ann, change));
    await assertFails(budget.update(ann, { ...change, members: { ...MEMBERS, eve: 'viewer' } }));
  });

  it.each<[string, Document]>([
    ['lacks a field', { v: deleteField() }],
    ['has a field too many', { note: 'x' }],
    ['holds an epoch that is no integer', { epoch: '1' }],
    ['holds a floor that is no integer', { floor: '0' }],
    ['holds a version that is no integer', { v: '1' }],
    ['holds a rekey that is no boolean', { rekey: 'no' }],
    ['names an invite that is none', { invite: 'x' }],
    ['holds a tombstone of another type', { tombstone: 'x' }],
  ])('is not built upon when it %s', async (_what, damage) => {
    await budget.overwrite(damage);
    await assertFails(update('ann', { members: { ...MEMBERS, eve: 'viewer' } }));
  });
});
