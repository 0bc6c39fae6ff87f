import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  documentId,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
  where,
  writeBatch,
  type Firestore,
} from 'firebase/firestore';
import { describe, it } from 'vitest';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newBudget,
  newEntry,
  newId,
  without,
  type Document,
} from './sample-log.js';
import { KID, newPin, newWrap, pinRef, wrapRef } from './sample-people.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);

const put = (
  firestore: Firestore,
  recipient: string,
  change: Document = {},
  kid = KID,
): Promise<void> =>
  setDoc(wrapRef(firestore, budget.id(), recipient, kid), { ...newWrap(recipient), ...change });

describe('a wrapped key', () => {
  it.each(['ann', 'eve', 'e.d'])('is stored by %s for anybody', async (uid) => {
    for (const recipient of ['ann', 'vic', 'new', `invite:${newId()}`]) {
      await assertSucceeds(put(rules.as(uid), recipient));
      await assertSucceeds(put(rules.as(uid), recipient, { wrap: filledBytes(9, 1) }));
    }
  });

  it('is stored by a viewer for themselves alone', async () => {
    await assertSucceeds(put(rules.as('vic'), 'vic'));
    await assertSucceeds(put(rules.as('vic'), 'vic', { epoch: 2 }));
    await assertFails(put(rules.as('vic'), 'eve'));
    await assertFails(put(rules.as('vic'), `invite:${newId()}`));
  });

  it('is stored by nobody else', async () => {
    for (const uid of ['out', 'e']) {
      await assertFails(put(rules.as(uid), 'eve'));
      await assertFails(put(rules.as(uid), uid));
    }
    await assertFails(put(rules.asNobody(), 'eve'));
  });

  it("comes with the budget's first entry", async () => {
    const firestore = rules.as('new.one');
    const id = newId();
    await assertSucceeds(
      writeBatch(firestore)
        .set(budgetRef(firestore, id), newBudget('new.one'))
        .set(changeRef(firestore, id, 1), newEntry(id, 'new.one', 1))
        .set(wrapRef(firestore, id, 'new.one'), newWrap('new.one'))
        .set(pinRef(firestore, 'new.one', id), newPin())
        .commit(),
    );
  });

  it('is staged for an epoch that has not begun, and while a new one is waited for', async () => {
    await budget.overwrite({ rekey: true });
    await assertSucceeds(put(rules.as('eve'), 'ann', { epoch: 2 }));
  });

  it('is not stored by whoever is removed in that commit', async () => {
    const firestore = rules.asSignedIn('eve');
    await assertFails(
      writeBatch(firestore)
        .set(wrapRef(firestore, budget.id(), 'ann'), newWrap('ann'))
        .update(budgetRef(firestore, budget.id()), {
          members: without(MEMBERS, 'eve'),
          rekey: true,
        })
        .commit(),
    );
  });

  it.each(['v', 'epoch', 'recipient', 'wrap'])('is refused without %s', async (field) => {
    await assertFails(
      setDoc(wrapRef(rules.as('ann'), budget.id(), 'eve'), without(newWrap('eve'), field)),
    );
  });

  it.each<[string, Document]>([
    ['another field', { note: 'x' }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
    ['no epoch', { epoch: 0 }],
    ['an epoch that is no integer', { epoch: 1.5 }],
    ['an epoch of another type', { epoch: '1' }],
    ['the recipient of another document', { recipient: 'vic' }],
    ['a recipient of another type', { recipient: ['eve'] }],
    ['nothing in it', { wrap: filledBytes(0) }],
    ['too much in it', { wrap: filledBytes(1025) }],
    ['a wrap of another type', { wrap: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(put(rules.as('ann'), 'eve', change));
    await put(rules.as('ann'), 'eve');
    await assertFails(put(rules.as('ann'), 'eve', change));
  });

  it('may be as large as it is allowed to', async () => {
    await assertSucceeds(put(rules.as('ann'), 'x'.repeat(128), { wrap: filledBytes(1024) }));
    await assertFails(put(rules.as('ann'), 'x'.repeat(129)));
    await assertFails(put(rules.as('ann'), ''));
  });

  it.each([
    ['in capital letters', 'AB'.repeat(32)],
    ['of other characters', 'xy'.repeat(32)],
    ['too short', 'ab'.repeat(31)],
    ['too long', 'ab'.repeat(33)],
    ['that is none', ''],
  ])('is refused under a commitment %s', async (_what, kid) => {
    await assertFails(put(rules.as('ann'), 'eve', {}, kid));
  });

  it('is read by members, whoever it is for', async () => {
    await put(rules.as('ann'), 'eve');
    for (const uid of Object.keys(MEMBERS)) {
      await assertSucceeds(getDoc(wrapRef(rules.as(uid), budget.id(), 'eve')));
      await assertSucceeds(getDoc(wrapRef(rules.as(uid), budget.id(), 'nobody')));
    }
    for (const firestore of [rules.as('out'), rules.as('e'), rules.asNobody()]) {
      await assertFails(getDoc(wrapRef(firestore, budget.id(), 'eve')));
    }
  });

  it('is not read by whom it is for once they are gone', async () => {
    await put(rules.as('ann'), 'eve');
    await budget.overwrite({ members: without(MEMBERS, 'eve') });
    await assertFails(getDoc(wrapRef(rules.as('eve'), budget.id(), 'eve')));
  });

  it('is listed by members, a bounded number at a time', async () => {
    const listBy = (firestore: Firestore, size: number): Promise<unknown> => {
      const keys = collection(budgetRef(firestore, budget.id()), 'keys');
      return getDocs(query(keys, where(documentId(), '>=', '0'), limit(size)));
    };
    for (const uid of Object.keys(MEMBERS)) await assertSucceeds(listBy(rules.as(uid), 100));
    await assertFails(listBy(rules.as('ann'), 101));
    await assertFails(listBy(rules.as('out'), 1));
    await assertFails(listBy(rules.asNobody(), 1));
    await assertFails(getDocs(collection(budgetRef(rules.as('ann'), budget.id()), 'keys')));
  });
});
