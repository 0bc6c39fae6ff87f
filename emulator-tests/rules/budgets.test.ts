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
  updateDoc,
} from 'firebase/firestore';
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { openRulesEnvironment, type RulesEnvironment } from './rules-environment.js';
import {
  budgetRef,
  changeRef,
  commitGenesis,
  newBudget,
  newEntry,
  newId,
  without,
  type Document,
} from './sample-log.js';

let rules: RulesEnvironment;
let budgetId: string;

beforeAll(async () => {
  rules = await openRulesEnvironment();
});
afterAll(() => rules.close());
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

  it.each(['members', 'epoch', 'floor', 'v', 'rekey', 'deleted'])(
    'is refused without %s',
    async (field) => {
      await assertFails(create(without(newBudget('ann'), field)));
    },
  );

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
    ['another version', { v: 2 }],
    ['a version that is a string', { v: '1' }],
    ['rekey set', { rekey: true }],
    ['a rekey that is no boolean', { rekey: 0 }],
    ['deleted set', { deleted: true }],
    ['a deleted that is no boolean', { deleted: null }],
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
  const members = { ann: 'owner', eve: 'editor', vic: 'viewer' };

  beforeEach(async () => {
    await rules.bypassRules((firestore) =>
      setDoc(budgetRef(firestore, budgetId), { ...newBudget('ann'), members }),
    );
  });

  const update = (uid: string, change: Document): Promise<void> =>
    updateDoc(budgetRef(rules.as(uid), budgetId), change);

  it('is read by its members', async () => {
    for (const uid of Object.keys(members)) {
      await assertSucceeds(getDoc(budgetRef(rules.as(uid), budgetId)));
    }
  });

  it('is not read by anybody else', async () => {
    await assertFails(getDoc(budgetRef(rules.as('out'), budgetId)));
    await assertFails(getDoc(budgetRef(rules.asNobody(), budgetId)));
  });

  it('is in no list', async () => {
    await assertFails(getDocs(query(collection(rules.as('ann'), 'budgets'), limit(1))));
  });

  it('is never deleted', async () => {
    await assertFails(deleteDoc(budgetRef(rules.as('ann'), budgetId)));
  });

  it('lets an owner add, change and remove members', async () => {
    await assertSucceeds(update('ann', { members: { ...members, 'new.one': 'editor' } }));
    await assertSucceeds(update('ann', { members: { ann: 'owner', eve: 'owner' } }));
    await assertSucceeds(update('eve', { members: { eve: 'owner' } }));
  });

  it.each(['eve', 'vic', 'out'])(
    'does not let %s, who is no owner, change members',
    async (uid) => {
      await assertFails(update(uid, { members: { ...members, [uid]: 'owner' } }));
      await assertFails(update(uid, { members: { [uid]: 'owner' } }));
    },
  );

  it('does not let somebody who is not signed in change members', async () => {
    await assertFails(updateDoc(budgetRef(rules.asNobody(), budgetId), { members }));
  });

  it.each<[string, unknown]>([
    ['without the owner who changes them', { eve: 'owner' }],
    ['with a lower role for the owner who changes them', { ...members, ann: 'editor' }],
    ['with an unknown role', { ...members, eve: 'admin' }],
    ['with a role that is no string', { ...members, eve: { role: 'owner' } }],
    ['of another type', ['ann']],
    ['that are none', {}],
  ])('refuses members %s', async (_what, changed) => {
    await assertFails(update('ann', { members: changed }));
  });

  it('holds fifty members and refuses the fifty-first', async () => {
    const crowd = (size: number): Document =>
      Object.fromEntries([
        ['ann', 'owner'],
        ...Array.from({ length: size - 1 }, (_, index) => [`uid-${String(index)}`, 'viewer']),
      ]) as Document;
    await assertSucceeds(update('ann', { members: crowd(50) }));
    await assertFails(update('ann', { members: crowd(51) }));
  });

  it('refuses uids that are longer than any of Firebase', async () => {
    const longest = 50 * 128 - 'ann'.length;
    const spread = (length: number): Document => ({
      ann: 'owner',
      ...Object.fromEntries(
        Array.from({ length: 8 }, (_, index) => [
          String(index).repeat(index === 0 ? length - 7 * 800 : 800),
          'viewer',
        ]),
      ),
    });
    await assertSucceeds(update('ann', { members: spread(longest) }));
    await assertFails(update('ann', { members: spread(longest + 1) }));
  });

  it.each<[string, Document]>([
    ['epoch', { epoch: 2 }],
    ['floor', { floor: 1 }],
    ['v', { v: 2 }],
    ['rekey', { rekey: true }],
    ['deleted', { deleted: true }],
    ['a field that was not there', { note: 'x' }],
    ['a field by taking it away', { rekey: deleteField() }],
  ])('refuses a change of %s', async (_what, change) => {
    await assertFails(update('ann', change));
    await assertFails(update('ann', { ...change, members: { ann: 'owner' } }));
  });

  it('stays as it is once it is deleted', async () => {
    await rules.bypassRules((firestore) =>
      updateDoc(budgetRef(firestore, budgetId), { deleted: true }),
    );
    await assertFails(update('ann', { members: { ann: 'owner' } }));
    await assertSucceeds(getDoc(budgetRef(rules.as('ann'), budgetId)));
  });

  it.each<[string, Document]>([
    ['lacks a field', { v: deleteField() }],
    ['has a field too many', { note: 'x' }],
    ['holds an epoch that is no integer', { epoch: '1' }],
    ['holds a floor that is no integer', { floor: '0' }],
    ['holds a version that is no integer', { v: '1' }],
    ['holds a rekey that is no boolean', { rekey: 'no' }],
  ])('is not built upon when it %s', async (_what, damage) => {
    await rules.bypassRules((firestore) => updateDoc(budgetRef(firestore, budgetId), damage));
    await assertFails(update('ann', { members: { ann: 'owner' } }));
  });
});
