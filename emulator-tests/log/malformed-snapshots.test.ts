import { deleteField, setDoc, Timestamp, updateDoc } from 'firebase/firestore';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import type { BudgetId } from '../../sdk/src/model/ids.js';
import type { RemoteBudget } from '../../sdk/src/ports/remote-budget.js';
import { MAX_CHUNKS } from '../../sdk/src/ports/snapshots.js';
import { openFirestoreBudget } from '../../sdk/src/remote/open-firestore.js';
import { newBudgetId, outcomeOf } from '../../sdk/src/testing/remote-log-fixture.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newBudget,
  newEntry,
  type Document,
} from '../rules/sample-log.js';
import {
  chunkRef,
  headerFrame,
  newChunk,
  newHeader,
  snapshotIdBy,
  snapshotRef,
} from '../rules/sample-snapshots.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

let rules: RulesEnvironment;
let ann: SignedInPerson;
let budgetId: BudgetId;
let budget: RemoteBudget;
let id: string;

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
  budget = openFirestoreBudget({ ...ann, budgetId, clock: systemClock });
  id = snapshotIdBy(ann.uid);
  await rules.bypassRules(async (firestore) => {
    await setDoc(budgetRef(firestore, budgetId), newBudget(ann.uid));
    await setDoc(snapshotRef(firestore, budgetId, id), newHeader(budgetId, ann.uid));
    await setDoc(chunkRef(firestore, budgetId, id, 0), newChunk());
  });
});

const malformed = (of: string): unknown => ({
  id: of,
  seq: 0,
  author: '',
  chunks: MAX_CHUNKS,
  at: 0,
  header: new Uint8Array(),
});

describe('a snapshot that the project damaged', () => {
  it.each<[string, Document]>([
    ['another version', { v: 2 }],
    ['a field too few', { chunks: deleteField() }],
    ['a field too many', { note: 'x' }],
    ['another position than its id', { seq: 2 }],
    ['another author than its id', { author: 'eve' }],
    ['no chunks', { chunks: 0 }],
    ['too many chunks', { chunks: MAX_CHUNKS + 1 }],
    ['chunks of another type', { chunks: '1' }],
    ['a time of another type', { at: 5 }],
    ['a header of another type', { header: 'x' }],
    ['too short a header', { header: filledBytes(484) }],
    ['too long a header', { header: filledBytes(8193) }],
  ])('comes back without a header, to be reported: %s', async (_what, change) => {
    await rules.bypassRules((firestore) => updateDoc(snapshotRef(firestore, budgetId, id), change));
    expect(await budget.snapshots.list(2)).toEqual({ ok: true, value: [malformed(id)] });
    expect(outcomeOf(await budget.snapshots.remove({ id, chunks: MAX_CHUNKS }))).toBe('ok');
    expect(await budget.snapshots.list(2)).toEqual({ ok: true, value: [] });
  });

  it.each(['x', '1_x', '0_x_0123456789abcdef', '99999999999999999_x_0123456789abcdef'])(
    'comes back without a header where its id is none: %s',
    async (planted) => {
      await rules.bypassRules((firestore) =>
        setDoc(snapshotRef(firestore, budgetId, planted), {
          ...newHeader(budgetId, 'x', 7),
          header: headerFrame(budgetId),
        }),
      );
      const listed = await budget.snapshots.list(1);
      expect(listed).toEqual({ ok: true, value: [malformed(planted)] });
    },
  );

  it('goes with a deleted budget', async () => {
    await rules.bypassRules(async (firestore) => {
      await updateDoc(snapshotRef(firestore, budgetId, id), { chunks: 'x' });
      await updateDoc(budgetRef(firestore, budgetId), {
        deleted: true,
        tombstone: filledBytes(9),
      });
    });
    expect(await budget.exits.purge()).toEqual({ ok: true, value: MAX_CHUNKS + 1 });
    expect(await budget.exits.purge()).toEqual({ ok: true, value: 0 });
  });
});

describe('a chunk that the project damaged', () => {
  it.each<[string, Document]>([
    ['another version', { v: 2 }],
    ['another field', { note: 'x' }],
    ['another type', { chunk: 'x' }],
    ['no bytes', { chunk: filledBytes(0) }],
    ['too many bytes', { chunk: filledBytes(900_001) }],
  ])('is a failure: %s', async (_what, change) => {
    const read = (): ReturnType<RemoteBudget['snapshots']['readChunks']> =>
      budget.snapshots.readChunks({ id, chunks: 1 });
    expect(outcomeOf(await read())).toBe('ok');
    await rules.bypassRules((firestore) => updateDoc(chunkRef(firestore, budgetId, id, 0), change));
    expect(outcomeOf(await read())).toBe('failed');
  });
});

describe('a log in which the project planted what is no entry', () => {
  it.each(['four', '9'])('is not pruned beyond it: %s', async (planted) => {
    await rules.bypassRules(async (firestore) => {
      await updateDoc(budgetRef(firestore, budgetId), { floor: 3, base: id });
      await setDoc(changeRef(firestore, budgetId, planted), {
        ...newEntry(budgetId, ann.uid, 1),
        at: Timestamp.now(),
      });
    });
    expect(outcomeOf(await budget.snapshots.prune(3, 10))).toBe('failed');
  });
});

describe('a budget of before there were snapshots', () => {
  it('has no base', async () => {
    await rules.bypassRules((firestore) =>
      updateDoc(budgetRef(firestore, budgetId), { base: deleteField() }),
    );
    const document = await budget.log.readBudget();
    expect(document.ok && document.value.base).toBe('');
    await rules.bypassRules((firestore) => updateDoc(budgetRef(firestore, budgetId), { base: 1 }));
    expect(outcomeOf(await budget.log.readBudget())).toBe('failed');
  });
});

describe('a name that fits into no path', () => {
  it('fails, and throws nothing', async () => {
    const { snapshots } = budget;
    const outcomes = [
      await snapshots.readChunks({ id: 'a/b', chunks: 1 }),
      await snapshots.remove({ id: 'a/b', chunks: 1 }),
    ].map(outcomeOf);
    expect(outcomes).toEqual(['failed', 'failed']);
  });
});
