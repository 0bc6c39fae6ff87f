import { deleteField, setDoc, Timestamp, updateDoc } from 'firebase/firestore';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import type { BudgetId } from '../../sdk/src/model/ids.js';
import type { RemoteLog } from '../../sdk/src/ports/remote-log.js';
import { createFirestoreLog } from '../../sdk/src/remote/firestore-log.js';
import { newBudgetId, outcomeOf, positionsOf } from '../../sdk/src/testing/remote-log-fixture.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newBudget,
  newEntry,
  type Document,
} from '../rules/sample-log.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

let rules: RulesEnvironment;
let ann: SignedInPerson;
let budgetId: BudgetId;
let log: RemoteLog;

beforeAll(async () => {
  rules = await openRulesEnvironment();
  ann = await signInPerson();
});
afterAll(async () => {
  await ann.close();
  await rules.close();
});
beforeEach(async () => {
  budgetId = newBudgetId();
  log = createFirestoreLog({ ...ann, budgetId, clock: systemClock });
  await rules.bypassRules(async (firestore) => {
    await setDoc(budgetRef(firestore, budgetId), newBudget(ann.uid));
    for (const seq of [1, 2, 3]) {
      await setDoc(changeRef(firestore, budgetId, seq), newEntry(budgetId, ann.uid, seq));
    }
  });
});

const damage = (change: Document): Promise<void> =>
  rules.bypassRules((firestore) => updateDoc(changeRef(firestore, budgetId, 2), change));
const plant = (id: string, change: Document): Promise<void> =>
  rules.bypassRules((firestore) =>
    setDoc(changeRef(firestore, budgetId, id), { ...newEntry(budgetId, ann.uid, 4), ...change }),
  );

describe('an entry that the project itself damaged', () => {
  it.each<[string, Document]>([
    ['a field too few', { epoch: deleteField() }],
    ['a field too many', { note: 'x' }],
    ['an epoch of another type', { epoch: '1' }],
    ['an author of another type', { author: 7 }],
    ['a time of another type', { t: Timestamp.now() }],
    ['a time that is no integer', { t: 0.5 }],
    ['a server time of another type', { at: 5 }],
    ['a predecessor of another type', { prev: 'x' }],
    ['a frame of another type', { frame: 'x' }],
    ['no frame', { frame: deleteField() }],
  ])('comes back without a frame, in its place: %s', async (_what, change) => {
    await damage(change);
    const page = await log.read({ after: 0, limit: 10 });
    expect(positionsOf(page)).toEqual([1, 2, 3]);
    const nothing = new Uint8Array();
    expect(page.ok && page.value[1]).toEqual({
      seq: 2,
      epoch: 0,
      author: '',
      t: 0,
      prev: nothing,
      frame: nothing,
      at: 0,
    });
  });

  it('is known by its id, whatever number it claims', async () => {
    await damage({ seq: 3.5 });
    const page = await log.read({ after: 0, limit: 10 });
    expect(positionsOf(page)).toEqual([1, 2, 3]);
    expect(page.ok && page.value[1]?.frame.length).toBe(0);
  });

  it.each<[string, Document]>([
    ['no number', { seq: deleteField() }],
    ['a number that is none', { seq: 'two' }],
  ])('is a gap where it has %s', async (_what, change) => {
    await damage(change);
    expect(positionsOf(await log.read({ after: 0, limit: 10 }))).toEqual([1, 3]);
  });
});

describe('a document that is no entry', () => {
  it.each(['04', '4.0', 'four', '-4', '99999999999999999999'])(
    'is not part of the log: %j',
    async (id) => {
      await plant(id, { seq: 4 });
      expect(positionsOf(await log.read({ after: 0, limit: 10 }))).toEqual([1, 2, 3]);
    },
  );

  it('does not bring an old position back by claiming a new number', async () => {
    await plant('2', { seq: 9 });
    expect(positionsOf(await log.read({ after: 2, limit: 10 }))).toEqual([3]);
  });
});

describe('the head of a log', () => {
  it('comes back without a frame where the project damaged it', async () => {
    await rules.bypassRules((firestore) =>
      updateDoc(changeRef(firestore, budgetId, 3), { frame: 'x' }),
    );
    const head = await log.readHead();
    expect(head.ok && [head.value.seq, head.value.frame.length]).toEqual([3, 0]);
  });

  it('is a failure where it is no entry at all', async () => {
    await plant('four', { seq: 4 });
    expect(outcomeOf(await log.readHead())).toBe('failed');
  });
});

describe('the start of an epoch', () => {
  it('is not taken from an entry that the project damaged', async () => {
    await rules.bypassRules((firestore) =>
      updateDoc(changeRef(firestore, budgetId, 1), { frame: 'x' }),
    );
    expect(await log.readEpochStart(1)).toEqual({ ok: true, value: undefined });
  });
});

describe("a budget's document that the project damaged", () => {
  it('is denied without members', async () => {
    await rules.bypassRules((firestore) =>
      updateDoc(budgetRef(firestore, budgetId), { members: deleteField() }),
    );
    expect(outcomeOf(await log.readBudget())).toBe('denied');
  });

  it.each<[string, Document]>([
    ['an epoch of another type', { epoch: 'x' }],
    ['a negative floor', { floor: -1 }],
    ['a deleted of another type', { deleted: 1 }],
    ['a rekey of another type', { rekey: 1 }],
    ['a tombstone of another type', { tombstone: 'x' }],
    ['too large a tombstone', { tombstone: filledBytes(1025) }],
  ])('is a failure, not a budget: %s', async (_what, change) => {
    await rules.bypassRules((firestore) => updateDoc(budgetRef(firestore, budgetId), change));
    expect(outcomeOf(await log.readBudget())).toBe('failed');
  });

  it('is a failure where a member has an unknown role', async () => {
    await rules.bypassRules((firestore) =>
      updateDoc(budgetRef(firestore, budgetId), { members: { [ann.uid]: 'owner', eve: 'admin' } }),
    );
    expect(outcomeOf(await log.readBudget())).toBe('failed');
  });
});
