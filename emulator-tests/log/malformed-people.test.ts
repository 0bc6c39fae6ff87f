import {
  Bytes,
  collection,
  doc,
  setDoc,
  Timestamp,
  type DocumentReference,
} from 'firebase/firestore';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import type { BudgetId } from '../../sdk/src/model/ids.js';
import type { BudgetList } from '../../sdk/src/ports/budget-list.js';
import type { RemoteBudget } from '../../sdk/src/ports/remote-budget.js';
import { createFirestoreBudgetList } from '../../sdk/src/remote/firestore-budget-list.js';
import { openFirestoreBudget } from '../../sdk/src/remote/open-firestore.js';
import { newBudgetId } from '../../sdk/src/testing/remote-log-fixture.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { budgetRef, filledBytes, newBudget, without, type Document } from '../rules/sample-log.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

let rules: RulesEnvironment;
let ann: SignedInPerson;
let budgetId: BudgetId;
let budget: RemoteBudget;
let list: BudgetList;

beforeAll(async () => {
  rules = await openRulesEnvironment();
  ann = await signInPerson();
  list = createFirestoreBudgetList({ ...ann, clock: systemClock });
});
afterAll(async () => {
  await ann.close();
  await rules.close();
});
beforeEach(async () => {
  budgetId = newBudgetId();
  budget = openFirestoreBudget({ ...ann, budgetId, clock: systemClock });
  await rules.bypassRules((firestore) =>
    setDoc(budgetRef(firestore, budgetId), newBudget(ann.uid)),
  );
});

/** Stores a document below the budget, past the rules. */
const plant = (name: string, id: string, document: Document): Promise<void> =>
  rules.bypassRules((firestore) =>
    setDoc(doc(collection(budgetRef(firestore, budgetId), name), id), document),
  );

const nothing = { ok: true, value: undefined };

describe('a wrapped key that the project planted', () => {
  const kid = new Uint8Array(32).fill(0xab);
  const idFor = (recipient: string): string => `${'ab'.repeat(32)}_${recipient}`;
  const usable = { v: 1, epoch: 1, recipient: 'bob', wrap: filledBytes(100, 4) };

  it('is passed on where its shape fits', async () => {
    await plant('keys', idFor('bob'), usable);
    const wrap = new Uint8Array(100).fill(4);
    expect(await budget.wraps.read(kid, 'bob')).toEqual({ ok: true, value: wrap });
    const value = [{ epoch: 1, kid, recipient: 'bob', wrap }];
    expect(await budget.wraps.list(kid)).toEqual({ ok: true, value });
  });

  it.each<[string, Document]>([
    ['another version', { ...usable, v: 2 }],
    ['another recipient than its id names', { ...usable, recipient: 'cyd' }],
    ['a recipient of another type', { ...usable, recipient: 7 }],
    ['a wrap of another type', { ...usable, wrap: 'x' }],
    ['an empty wrap', { ...usable, wrap: filledBytes(0) }],
    ['a wrap too large', { ...usable, wrap: filledBytes(1025) }],
    ['no wrap', without(usable, 'wrap')],
    ['another field', { ...usable, more: true }],
  ])('is none with %s', async (_what, planted) => {
    await plant('keys', idFor('bob'), planted);
    expect(await budget.wraps.read(kid, 'bob')).toEqual(nothing);
    expect(await budget.wraps.list(kid)).toEqual({ ok: true, value: [] });
  });

  it.each([0, 1.5, '1'])('is none with the epoch %j', async (epoch) => {
    await plant('keys', idFor('bob'), { ...usable, epoch });
    expect(await budget.wraps.read(kid, 'bob')).toEqual(nothing);
  });

  it.each(['bob', `${'ab'.repeat(31)}_bob`, `${'AB'.repeat(32)}_bob`, `${'ab'.repeat(32)}_`])(
    'is not listed under the id %s',
    async (id) => {
      await plant('keys', id, usable);
      expect(await budget.wraps.list(kid)).toEqual({ ok: true, value: [] });
    },
  );
});

describe('an invite that the project planted', () => {
  const inviteId = 'cd'.repeat(16);
  const expiresAt = 1_900_000_000_000;
  const unused = {
    v: 1,
    role: 'editor',
    by: 'ann',
    expiresAt: Timestamp.fromMillis(expiresAt),
    accessHash: filledBytes(32),
    revoked: false,
    usedBy: '',
    access: filledBytes(0),
    acceptance: filledBytes(0),
  };
  const used = { ...unused, usedBy: 'bob', access: filledBytes(32), acceptance: filledBytes(9, 3) };

  it('is passed on where its shape fits', async () => {
    await plant('invites', inviteId, used);
    const value = {
      inviteId,
      role: 'editor',
      by: 'ann',
      expiresAt,
      revoked: false,
      usedBy: 'bob',
      acceptance: new Uint8Array(9).fill(3),
    };
    expect(await budget.invites.read(inviteId)).toEqual({ ok: true, value });
    expect(await budget.invites.listUsedBy('bob')).toEqual({ ok: true, value: [value] });
  });

  it.each<[string, Document]>([
    ['another version', { ...used, v: 2 }],
    ['an unknown role', { ...used, role: 'admin' }],
    ['an inviter of another type', { ...used, by: 7 }],
    ['an end of another type', { ...used, expiresAt }],
    ['a hash of another length', { ...used, accessHash: filledBytes(31) }],
    ['a hash of another type', { ...used, accessHash: 'x' }],
    ['a revocation of another type', { ...used, revoked: 'no' }],
    ['a field too few', without(used, 'by')],
    ['a field too many', { ...used, more: true }],
    ['no acceptance by its user', { ...used, acceptance: filledBytes(0) }],
    ['too large an acceptance', { ...used, acceptance: filledBytes(1025) }],
    ['no access value of its user', { ...used, access: filledBytes(0) }],
  ])('is none with %s', async (_what, planted) => {
    await plant('invites', inviteId, planted);
    expect(await budget.invites.read(inviteId)).toEqual(nothing);
    expect(await budget.invites.listUsedBy('bob')).toEqual({ ok: true, value: [] });
  });

  it.each<[string, Document]>([
    ['a user of another type', { ...used, usedBy: 7 }],
    ['an acceptance without a user', { ...unused, acceptance: filledBytes(9) }],
    ['an access value without a user', { ...unused, access: filledBytes(32) }],
  ])('is none with %s', async (_what, planted) => {
    await plant('invites', inviteId, planted);
    expect(await budget.invites.read(inviteId)).toEqual(nothing);
  });
});

const sealedShapes = (name: string): readonly (readonly [string, Document])[] => [
  ['another version', { v: 2, [name]: filledBytes(9) }],
  ['another type', { v: 1, [name]: 'x' }],
  ['no bytes', { v: 1, [name]: filledBytes(0) }],
  ['too many bytes', { v: 1, [name]: filledBytes(1025) }],
  ['another field', { v: 1, [name]: filledBytes(9), more: true }],
  ['a field too few', { v: 1 }],
];

describe('a notice that the project planted', () => {
  it('is passed on where its shape fits', async () => {
    await plant('departures', 'bob', { v: 1, notice: filledBytes(9, 2) });
    const value = new Uint8Array(9).fill(2);
    expect(await budget.exits.readDeparture('bob')).toEqual({ ok: true, value });
  });

  it.each(sealedShapes('notice'))('is none with %s', async (_what, planted) => {
    await plant('departures', 'bob', planted);
    expect(await budget.exits.readDeparture('bob')).toEqual(nothing);
  });
});

describe('a note of a budget that the project planted', () => {
  const pinRef = (firestore: DocumentReference['firestore'], id: string): DocumentReference =>
    doc(firestore, 'users', ann.uid, 'budgets', id);

  it.each(sealedShapes('pin'))('is none with %s', async (_what, planted) => {
    await rules.bypassRules((firestore) => setDoc(pinRef(firestore, budgetId), planted));
    expect(await list.readPin(budgetId)).toEqual(nothing);
  });

  it('is not listed under what is no id of a budget', async () => {
    const planted = { v: 1, pin: Bytes.fromUint8Array(new Uint8Array(9)) };
    await rules.bypassRules((firestore) => setDoc(pinRef(firestore, 'elsewhere'), planted));
    const listed = await list.list();
    expect(listed.ok && listed.value.map(String).includes('elsewhere')).toBe(false);
  });
});
