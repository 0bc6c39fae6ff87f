import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
  Timestamp,
  updateDoc,
  where,
  writeBatch,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import { budgetRef, filledBytes, newId, without, type Document } from './sample-log.js';
import { acceptedBy, DAY_MS, inviteRef, MINUTE_MS, newInvite } from './sample-people.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);
let inviteId: string;

beforeEach(() => {
  inviteId = newId();
});

const create = (uid: string, change: Document = {}, id = inviteId): Promise<void> =>
  setDoc(inviteRef(rules.as(uid), budget.id(), id), { ...newInvite(uid), ...change });
const inMs = (delayMs: number): Timestamp => Timestamp.fromMillis(Date.now() + delayMs);

describe('making an invite', () => {
  it.each(['owner', 'editor', 'viewer'])('is open to owners, for the role %s', async (role) => {
    await assertSucceeds(create('ann', { role }));
  });

  it('is closed to everybody else', async () => {
    for (const uid of ['eve', 'vic', 'out']) {
      await assertFails(create(uid));
      await assertFails(create(uid, { by: 'ann' }));
    }
    await assertFails(setDoc(inviteRef(rules.asNobody(), budget.id(), inviteId), newInvite('ann')));
  });

  it('is closed to an owner who steps back in that commit', async () => {
    const firestore = rules.as('ann');
    await assertFails(
      writeBatch(firestore)
        .set(inviteRef(firestore, budget.id(), inviteId), newInvite('ann'))
        .update(budgetRef(firestore, budget.id()), {
          members: { ...MEMBERS, ann: 'editor', eve: 'owner' },
        })
        .commit(),
    );
  });

  it('is refused in a deleted budget', async () => {
    await budget.overwrite({ deleted: true });
    await assertFails(create('ann'));
  });

  it('is refused where one stands', async () => {
    await create('ann');
    await assertFails(create('ann'));
    await assertFails(create('ann', { role: 'viewer' }));
  });

  it.each(Object.keys(newInvite('ann')))('is refused without %s', async (field) => {
    await assertFails(
      setDoc(inviteRef(rules.as('ann'), budget.id(), inviteId), without(newInvite('ann'), field)),
    );
  });

  it.each<[string, () => Document]>([
    ['another field', () => ({ note: 'x' })],
    ['another version', () => ({ v: 2 })],
    ['a version of another type', () => ({ v: '1' })],
    ['an unknown role', () => ({ role: 'admin' })],
    ['a role of another type', () => ({ role: 1 })],
    ["somebody else's name", () => ({ by: 'eve' })],
    ['no time left', () => ({ expiresAt: inMs(-1) })],
    ['too much time', () => ({ expiresAt: inMs(90 * DAY_MS + MINUTE_MS) })],
    ['a time of another type', () => ({ expiresAt: Date.now() + DAY_MS })],
    ['half a hash', () => ({ accessHash: filledBytes(16) })],
    ['a hash of another type', () => ({ accessHash: 'x'.repeat(32) })],
    ['a revocation', () => ({ revoked: true })],
    ['a revocation of another type', () => ({ revoked: 0 })],
    ['somebody who used it', () => ({ usedBy: 'pal' })],
    ['a user of another type', () => ({ usedBy: null })],
    ['a secret', () => ({ access: filledBytes(32) })],
    ['a secret of another type', () => ({ access: '' })],
    ['an acceptance', () => ({ acceptance: filledBytes(1) })],
    ['an acceptance of another type', () => ({ acceptance: '' })],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(create('ann', change()));
  });

  it('gives it as much as ninety days', async () => {
    await assertSucceeds(create('ann', { expiresAt: inMs(90 * DAY_MS - MINUTE_MS) }));
  });

  it.each(['a'.repeat(31), 'a'.repeat(33), 'A'.repeat(32), 'g'.repeat(32)])(
    'is refused under the id %s',
    async (id) => {
      await assertFails(create('ann', {}, id));
    },
  );
});

describe('an invite', () => {
  beforeEach(() => create('ann'));

  const update = (firestore: Firestore, change: Document): Promise<void> =>
    updateDoc(inviteRef(firestore, budget.id(), inviteId), change);

  it('is read by whoever knows its id', async () => {
    for (const uid of ['ann', 'vic', 'out']) {
      await assertSucceeds(getDoc(inviteRef(rules.as(uid), budget.id(), inviteId)));
      await assertSucceeds(getDoc(inviteRef(rules.as(uid), budget.id(), newId())));
    }
    await assertFails(getDoc(inviteRef(rules.asNobody(), budget.id(), inviteId)));
  });

  it('is listed by members, a bounded number at a time', async () => {
    const listBy = (firestore: Firestore, size: number): Promise<unknown> => {
      const invites = collection(budgetRef(firestore, budget.id()), 'invites');
      return getDocs(query(invites, where('usedBy', '==', 'new'), limit(size)));
    };
    for (const uid of Object.keys(MEMBERS)) await assertSucceeds(listBy(rules.as(uid), 100));
    await assertFails(listBy(rules.as('ann'), 101));
    await assertFails(listBy(rules.as('out'), 1));
    await assertFails(listBy(rules.asNobody(), 1));
    await assertFails(getDocs(collection(budgetRef(rules.as('ann'), budget.id()), 'invites')));
  });

  it('is revoked by owners, again and for good', async () => {
    for (const uid of ['eve', 'vic', 'out']) {
      await assertFails(update(rules.as(uid), { revoked: true }));
    }
    await assertFails(update(rules.asNobody(), { revoked: true }));
    await assertSucceeds(update(rules.as('ann'), { revoked: true }));
    await assertSucceeds(update(rules.as('ann'), { revoked: true }));
    await assertFails(update(rules.as('ann'), { revoked: false }));
  });

  it('is revoked by another owner, too', async () => {
    await budget.overwrite({ members: { ...MEMBERS, eve: 'owner' } });
    await assertSucceeds(update(rules.as('eve'), { revoked: true }));
  });

  it.each<[string, Document]>([
    ['its role', { role: 'viewer' }],
    ['its owner', { by: 'eve' }],
    ['its time', { expiresAt: Timestamp.fromMillis(Date.now() + 2 * DAY_MS) }],
    ['its hash', { accessHash: filledBytes(32) }],
    ['its version', { v: 2 }],
    ['another field', { note: 'x' }],
    ['a revocation of another type', { revoked: 1 }],
    ['who used it', { usedBy: 'new' }],
    ['who used it, with the secret', acceptedBy('ann')],
  ])('is not changed by its owner: %s', async (_what, change) => {
    await assertFails(update(rules.as('ann'), change));
    await assertFails(update(rules.as('ann'), { ...change, revoked: change['revoked'] ?? true }));
  });
});
