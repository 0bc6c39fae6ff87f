import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  getDoc,
  setDoc,
  Timestamp,
  updateDoc,
  writeBatch,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import {
  budgetRef,
  bytes,
  changeRef,
  filledBytes,
  hashOf,
  newEntry,
  newId,
  without,
  type Document,
} from './sample-log.js';
import {
  ACCESS,
  acceptedBy,
  DAY_MS,
  inviteRef,
  newInvite,
  newPin,
  pinRef,
} from './sample-people.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);
let inviteId: string;

const storeInvite = (change: Document = {}, id = inviteId): Promise<void> =>
  rules.bypassRules((firestore) =>
    setDoc(inviteRef(firestore, budget.id(), id), { ...newInvite('ann'), ...change }),
  );

beforeEach(() => {
  inviteId = newId();
  return storeInvite();
});

interface Accepted {
  readonly invite?: Document;
  readonly members?: Document;
  readonly budget?: Document;
}

/** All that accepting the invite takes, in one commit. */
function accept(uid: string, change: Accepted = {}, firestore = rules.as(uid)): Promise<void> {
  return writeBatch(firestore)
    .update(inviteRef(firestore, budget.id(), inviteId), { ...acceptedBy(uid), ...change.invite })
    .update(budgetRef(firestore, budget.id()), {
      members: change.members ?? { ...MEMBERS, [uid]: 'editor' },
      invite: inviteId,
      ...change.budget,
    })
    .set(pinRef(firestore, uid, budget.id()), newPin())
    .commit();
}

describe('accepting an invite', () => {
  it.each(['new', 'new.one', 'e'])('lets %s in', async (uid) => {
    await assertFails(getDoc(budgetRef(rules.as(uid), budget.id())));
    await assertSucceeds(accept(uid));
    await assertSucceeds(getDoc(budgetRef(rules.as(uid), budget.id())));
  });

  it.each(['owner', 'viewer'])('lets somebody in as %s', async (role) => {
    await storeInvite({ role });
    await assertFails(accept('new'));
    await assertSucceeds(accept('new', { members: { ...MEMBERS, new: role } }));
  });

  it('is open to an anonymous user, closed to whoever is not signed in', async () => {
    await assertFails(accept('new', {}, rules.asNobody()));
    await assertSucceeds(accept('new', {}, rules.asAnonymousUser('new')));
  });

  it('goes on while the budget waits for a new key', async () => {
    await budget.overwrite({ rekey: true });
    await assertSucceeds(accept('new'));
  });

  it('lets the newcomer append', async () => {
    await rules.bypassRules((firestore) =>
      setDoc(changeRef(firestore, budget.id(), 1), newEntry(budget.id(), 'ann', 1)),
    );
    const append = (): Promise<void> =>
      setDoc(changeRef(rules.as('new'), budget.id(), 2), newEntry(budget.id(), 'new', 2));
    await assertFails(append());
    await accept('new');
    await assertSucceeds(append());
  });

  it.each(['eve', 'vic', 'ann'])('gives %s, who is a member, no other role', async (uid) => {
    await storeInvite({ role: 'owner' });
    await assertFails(accept(uid, { members: { ...MEMBERS, [uid]: 'owner' } }));
    await assertFails(accept(uid, { members: MEMBERS }));
  });

  it.each<[string, Document]>([
    ['a higher role', { ...MEMBERS, new: 'owner' }],
    ['a lower role', { ...MEMBERS, new: 'viewer' }],
    ['an unknown role', { ...MEMBERS, new: 'admin' }],
    ['somebody else as well', { ...MEMBERS, new: 'editor', pal: 'editor' }],
    ['somebody else instead', { ...MEMBERS, pal: 'editor' }],
    ['another role for a member', { ...MEMBERS, new: 'editor', vic: 'editor' }],
    ['a member less', { ...without(MEMBERS, 'vic'), new: 'editor' }],
    ['nobody new', MEMBERS],
  ])('is refused with %s', async (_what, members) => {
    await assertFails(accept('new', { members }));
  });

  it('finds no room beside fifty members', async () => {
    const crowd = Object.fromEntries(
      Array.from({ length: 46 }, (_, index) => [`uid-${String(index)}`, 'viewer']),
    );
    await budget.overwrite({ members: { ...MEMBERS, ...crowd } });
    await assertFails(accept('new', { members: { ...MEMBERS, ...crowd, new: 'editor' } }));
    const fewer = { ...MEMBERS, ...without(crowd, 'uid-0') };
    await budget.overwrite({ members: fewer });
    await assertSucceeds(accept('new', { members: { ...fewer, new: 'editor' } }));
  });

  it.each<[string, Document]>([
    ['another invite', { invite: 'a'.repeat(32) }],
    ['no invite', { invite: '' }],
    ['what is below an invite', { invite: `${'a'.repeat(32)}/x/y` }],
    ['an epoch', { epoch: 2 }],
    ['a floor', { floor: 1 }],
    ['a wait for a new key', { rekey: true }],
    ['a deletion', { deleted: true }],
    ['a tombstone', { tombstone: filledBytes(9) }],
  ])('is refused with %s in the budget', async (_what, change) => {
    await assertFails(accept('new', { budget: change }));
  });

  it.each<[string, Document]>([
    ['used by somebody else', { usedBy: 'pal' }],
    ['used by nobody', { usedBy: '' }],
    ['for another role', { role: 'viewer' }],
    ['by another owner', { by: 'new' }],
    ['that expires later', { expiresAt: Timestamp.fromMillis(Date.now() + 2 * DAY_MS) }],
    ['with another secret', { access: filledBytes(32, 6) }],
    ['without a secret', { access: filledBytes(0) }],
    ['with a secret of another type', { access: 'x'.repeat(32) }],
    ['without an acceptance', { acceptance: filledBytes(0) }],
    ['with an acceptance too large', { acceptance: filledBytes(1025) }],
    ['with an acceptance of another type', { acceptance: 'x' }],
    ['with another field', { note: 'x' }],
  ])('is refused with an invite %s', async (_what, invite) => {
    await assertFails(accept('new', { invite }));
  });

  it('takes the largest acceptance', async () => {
    await assertSucceeds(accept('new', { invite: { acceptance: filledBytes(1024) } }));
  });

  it('needs a secret of 32 bytes, whatever the hash of another one is', async () => {
    const short = filledBytes(31, 5);
    await storeInvite({ accessHash: hashOf(short) });
    await assertFails(accept('new', { invite: { access: short } }));
    const text = 'x'.repeat(32);
    await storeInvite({ accessHash: hashOf(bytes(Buffer.from(text))) });
    await assertFails(accept('new', { invite: { access: text } }));
  });

  it('needs an invite that is neither expired nor revoked', async () => {
    await storeInvite({ expiresAt: Timestamp.fromMillis(Date.now() - 1) });
    await assertFails(accept('new'));
    await storeInvite({ revoked: true });
    await assertFails(accept('new'));
    await storeInvite();
    await assertSucceeds(accept('new'));
  });

  it.each<[string, Document]>([
    ['is no owner any more', { ...MEMBERS, ann: 'editor', pal: 'owner' }],
    ['is gone', { ...without(MEMBERS, 'ann'), pal: 'owner' }],
  ])('is refused once its owner %s', async (_what, members) => {
    await budget.overwrite({ members });
    await assertFails(accept('new', { members: { ...members, new: 'editor' } }));
  });

  it('is refused once the budget is deleted', async () => {
    await budget.overwrite({ deleted: true });
    await assertFails(accept('new'));
  });

  it('is refused where there is no such invite', async () => {
    inviteId = newId();
    await assertFails(accept('new'));
  });

  it('takes both documents in one commit', async () => {
    const firestore = rules.as('new');
    const members = { ...MEMBERS, new: 'editor' };
    await assertFails(updateDoc(inviteRef(firestore, budget.id(), inviteId), acceptedBy('new')));
    await assertFails(budget.update(firestore, { members, invite: inviteId }));
    await assertFails(budget.update(firestore, { members }));
  });
});

describe('an invite', () => {
  const rejoin = (firestore: Firestore): Promise<void> =>
    budget.update(firestore, { members: { ...MEMBERS, new: 'editor' }, invite: inviteId });

  it('lets one person in, once', async () => {
    await accept('new');
    const members = { ...MEMBERS, new: 'editor', pal: 'editor' };
    await assertFails(accept('pal', { members }));
    await budget.overwrite({ members: MEMBERS });
    await assertFails(accept('pal'));
  });

  it('keeps the word of whom it let in, even from members of that role', async () => {
    await accept('new');
    for (const uid of ['eve', 'new']) {
      const invite = inviteRef(rules.as(uid), budget.id(), inviteId);
      await assertFails(updateDoc(invite, acceptedBy(uid)));
      await assertFails(updateDoc(invite, { ...acceptedBy(uid), acceptance: filledBytes(9) }));
    }
  });

  it('does not bring back whom it let in and who was removed', async () => {
    await accept('new');
    await budget.overwrite({ members: MEMBERS });
    await assertFails(accept('new'));
    await assertFails(rejoin(rules.as('new')));
    await budget.overwrite({ members: MEMBERS, invite: newId() });
    await assertFails(accept('new'));
    await assertFails(rejoin(rules.as('new')));
  });

  it('is not used up along with another one', async () => {
    const otherId = newId();
    await storeInvite({}, otherId);
    const firestore = rules.as('new');
    await assertFails(
      writeBatch(firestore)
        .update(inviteRef(firestore, budget.id(), inviteId), acceptedBy('new'))
        .update(inviteRef(firestore, budget.id(), otherId), acceptedBy('new'))
        .update(budgetRef(firestore, budget.id()), {
          members: { ...MEMBERS, new: 'editor' },
          invite: inviteId,
        })
        .commit(),
    );
  });

  it('is not accepted as it is made, even by whoever knows its secret', async () => {
    inviteId = newId();
    const firestore = rules.as('new');
    await assertFails(
      writeBatch(firestore)
        .set(inviteRef(firestore, budget.id(), inviteId), {
          ...newInvite('new', 'owner'),
          ...acceptedBy('new'),
          access: ACCESS,
        })
        .update(budgetRef(firestore, budget.id()), {
          members: { ...MEMBERS, new: 'owner' },
          invite: inviteId,
        })
        .commit(),
    );
  });
});
