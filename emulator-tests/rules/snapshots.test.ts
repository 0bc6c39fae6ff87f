import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  getDoc,
  getDocs,
  limit,
  query,
  setDoc,
  Timestamp,
  updateDoc,
  writeBatch,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newEntry,
  newId,
  without,
  type Document,
} from './sample-log.js';
import { newTombstone } from './sample-people.js';
import {
  chunkRef,
  headerFrame,
  newChunk,
  newHeader,
  snapshotIdBy,
  snapshotRef,
} from './sample-snapshots.js';
import { MEMBERS, useBudget, useRules } from './use-rules.js';

const rules = useRules();
const budget = useBudget(rules);
const WRITERS = ['ann', 'eve', 'e.d'];
const OTHERS = ['vic', 'out'];

/** The first chunk of whoever writes, and an entry of theirs at 1. */
const prepare = (author: string, chunks = 1): Promise<void> =>
  rules.bypassRules(async (firestore) => {
    await setDoc(changeRef(firestore, budget.id(), 1), newEntry(budget.id(), author, 1));
    for (let at = 0; at < chunks; at++) {
      await setDoc(chunkRef(firestore, budget.id(), snapshotIdBy(author), at), newChunk());
    }
  });

const putHeader = (
  firestore: Firestore,
  author: string,
  change: Document = {},
  id = snapshotIdBy(author),
): Promise<void> =>
  setDoc(snapshotRef(firestore, budget.id(), id), {
    ...newHeader(budget.id(), author),
    ...change,
  });

const putChunk = (
  firestore: Firestore,
  id: string,
  change: Document = {},
  at: number | string = 0,
): Promise<void> => setDoc(chunkRef(firestore, budget.id(), id, at), { ...newChunk(), ...change });

/** A whole snapshot of `author`, past all rules. */
const store = (author: string): Promise<void> =>
  rules.bypassRules(async (firestore) => {
    await putChunk(firestore, snapshotIdBy(author));
    await putHeader(firestore, author);
  });

describe('the header of a snapshot', () => {
  it.each(WRITERS)('is stored by %s, behind its chunks', async (uid) => {
    await prepare(uid);
    await assertSucceeds(putHeader(rules.as(uid), uid));
  });

  it.each(OTHERS)('is not stored by %s', async (uid) => {
    await prepare(uid);
    await assertFails(putHeader(rules.as(uid), uid));
  });

  it('is not stored by somebody who is not signed in', async () => {
    await prepare('ann');
    await assertFails(putHeader(rules.asNobody(), 'ann'));
  });

  it('is not stored for somebody else, neither by name nor by id', async () => {
    await prepare('ann');
    await prepare('eve');
    await assertFails(putHeader(rules.as('eve'), 'ann'));
    await assertFails(putHeader(rules.as('eve'), 'eve', {}, snapshotIdBy('ann')));
    await assertFails(putHeader(rules.as('eve'), 'eve', { author: 'ann' }));
  });

  it('stands at an entry of its author', async () => {
    await prepare('eve');
    const ids = ['eve', 'ann'].map((author) => snapshotIdBy(author));
    for (const id of ids) await rules.bypassRules((firestore) => putChunk(firestore, id));
    await assertFails(putHeader(rules.as('ann'), 'ann'));
    await assertSucceeds(putHeader(rules.as('eve'), 'eve'));
    const [later, header] = [snapshotIdBy('eve', 2), newHeader(budget.id(), 'eve', 2)];
    await rules.bypassRules((firestore) => putChunk(firestore, later));
    const ref = snapshotRef(rules.as('eve'), budget.id(), later);
    await assertFails(setDoc(ref, header));
    await rules.bypassRules((firestore) =>
      setDoc(changeRef(firestore, budget.id(), 2), newEntry(budget.id(), 'eve', 2)),
    );
    await assertSucceeds(setDoc(ref, header));
  });

  it('is refused while the last of its chunks is missing', async () => {
    await prepare('ann', 2);
    await assertFails(putHeader(rules.as('ann'), 'ann', { chunks: 3 }));
    await assertSucceeds(putHeader(rules.as('ann'), 'ann', { chunks: 2 }));
  });

  it('may come in one commit with its chunks', async () => {
    await prepare('ann', 0);
    const [firestore, id] = [rules.as('ann'), snapshotIdBy('ann')];
    await assertSucceeds(
      writeBatch(firestore)
        .set(chunkRef(firestore, budget.id(), id, 0), newChunk())
        .set(snapshotRef(firestore, budget.id(), id), newHeader(budget.id(), 'ann'))
        .commit(),
    );
  });

  it.each([
    ['no nonce', '1_ann'],
    ['an empty nonce', '1_ann_'],
    ['a short nonce', `1_ann_${'a'.repeat(15)}`],
    ['a long nonce', `1_ann_${'a'.repeat(17)}`],
    ['a nonce in capitals', `1_ann_${'A'.repeat(16)}`],
    ['a nonce that ends in a line break', `1_ann_${'a'.repeat(15)}\n`],
    ['more behind the uid', `1_ann_x_${'a'.repeat(16)}`],
    ['a zero in front', `01_ann_${'a'.repeat(16)}`],
    ['another position', `2_ann_${'a'.repeat(16)}`],
    ['no position', `_ann_${'a'.repeat(16)}`],
  ])('is refused under an id with %s', async (_what, id) => {
    await prepare('ann');
    await rules.bypassRules((firestore) => putChunk(firestore, id));
    await assertFails(putHeader(rules.as('ann'), 'ann', {}, id));
  });

  it.each(['v', 'seq', 'author', 'chunks', 'at', 'header'])(
    'is refused without %s',
    async (field) => {
      await prepare('ann');
      const header = without(newHeader(budget.id(), 'ann'), field);
      const ref = snapshotRef(rules.as('ann'), budget.id(), snapshotIdBy('ann'));
      await assertFails(setDoc(ref, header));
      await assertFails(setDoc(ref, { ...header, note: 'x' }));
    },
  );

  it.each<[string, Document]>([
    ['another field', { note: 'x' }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
    ['another position', { seq: 2 }],
    ['a position of another type', { seq: '1' }],
    ['no chunks', { chunks: 0 }],
    ['too many chunks', { chunks: 65 }],
    ['chunks of another type', { chunks: '1' }],
    ['a time of its own', { at: Timestamp.fromMillis(1) }],
    ['a header of another type', { header: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await prepare('ann');
    await assertFails(putHeader(rules.as('ann'), 'ann', change));
  });

  it('names as many chunks as there may be', async () => {
    await prepare('ann', 64);
    await assertSucceeds(putHeader(rules.as('ann'), 'ann', { chunks: 64 }));
  });

  it.each<[string, object, number?]>([
    ['too short', {}, 484],
    ['too long', {}, 8193],
    ['of another magic', { magic: 'SEAM' }],
    ['of another version', { version: 2 }],
    ['of another suite', { suite: 2 }],
    ['with edits', { kind: 1 }],
    ['of another kind', { kind: 4 }],
    ['of another budget', { budgetId: newId() }],
  ])('is refused with a frame that is %s', async (_what, start, length) => {
    await prepare('ann');
    const header = headerFrame(budget.id(), start, length);
    await assertFails(putHeader(rules.as('ann'), 'ann', { header }));
  });

  it('has a frame as long as that of a full snapshot', async () => {
    await prepare('ann');
    const header = headerFrame(budget.id(), {}, 8192);
    await assertSucceeds(putHeader(rules.as('ann'), 'ann', { header }));
  });

  it('is refused for a deleted budget, also in the commit that deletes it', async () => {
    await prepare('ann');
    const firestore = rules.asSignedIn('ann');
    const batch = writeBatch(firestore)
      .update(budgetRef(firestore, budget.id()), newTombstone())
      .set(snapshotRef(firestore, budget.id(), snapshotIdBy('ann')), newHeader(budget.id(), 'ann'));
    await assertFails(batch.commit());
    await budget.overwrite(newTombstone());
    await assertFails(putHeader(firestore, 'ann'));
  });

  it('never changes', async () => {
    await prepare('ann');
    await store('ann');
    await assertFails(putHeader(rules.as('ann'), 'ann'));
    const ref = snapshotRef(rules.as('ann'), budget.id(), snapshotIdBy('ann'));
    await assertFails(updateDoc(ref, { chunks: 2 }));
  });
});

describe('a chunk', () => {
  it.each(WRITERS)('is stored by %s, and again', async (uid) => {
    await assertSucceeds(putChunk(rules.as(uid), snapshotIdBy(uid)));
    await assertSucceeds(putChunk(rules.as(uid), snapshotIdBy(uid)));
  });

  it.each(OTHERS)('is not stored by %s', async (uid) => {
    await assertFails(putChunk(rules.as(uid), snapshotIdBy(uid)));
  });

  it('is not stored for somebody else', async () => {
    await assertFails(putChunk(rules.as('ann'), snapshotIdBy('eve')));
    await assertFails(putChunk(rules.asNobody(), snapshotIdBy('ann')));
    await assertFails(putChunk(rules.as('ann'), '1_ann'));
  });

  it('is as it was once its header stands, to its author as well', async () => {
    await store('ann');
    await assertFails(putChunk(rules.as('ann'), snapshotIdBy('ann')));
    await assertFails(putChunk(rules.as('ann'), snapshotIdBy('ann'), {}, 1));
  });

  it('is refused for a deleted budget', async () => {
    await budget.overwrite(newTombstone());
    await assertFails(putChunk(rules.as('ann'), snapshotIdBy('ann')));
  });

  it.each(['0', '9', '10', '59', '60', '63'])('has the place %s', async (at) => {
    await assertSucceeds(putChunk(rules.as('ann'), snapshotIdBy('ann'), {}, at));
  });

  it.each(['64', '70', '100', '00', '-1', 'x', '1\n'])('has no place %j', async (at) => {
    await assertFails(putChunk(rules.as('ann'), snapshotIdBy('ann'), {}, at));
  });

  it('holds up to 900,000 bytes', async () => {
    await assertSucceeds(putChunk(rules.as('ann'), snapshotIdBy('ann'), newChunk(900_000)));
  });

  it.each<[string, Document]>([
    ['another field', { note: 'x' }],
    ['another version', { v: 2 }],
    ['a version of another type', { v: '1' }],
    ['no bytes', { chunk: filledBytes(0) }],
    ['too many bytes', { chunk: filledBytes(900_001) }],
    ['another type', { chunk: 'x' }],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(putChunk(rules.as('ann'), snapshotIdBy('ann'), change));
  });

  it.each(['v', 'chunk'])('is refused without %s', async (field) => {
    const ref = chunkRef(rules.as('ann'), budget.id(), snapshotIdBy('ann'), 0);
    await assertFails(setDoc(ref, without(newChunk(), field)));
    await assertFails(setDoc(ref, { ...without(newChunk(), field), note: 'x' }));
  });
});

describe('snapshots', () => {
  beforeEach(() => store('eve'));

  const list = (firestore: Firestore, size?: number): Promise<unknown> => {
    const all = collection(budgetRef(firestore, budget.id()), 'snapshots');
    return getDocs(size === undefined ? all : query(all, limit(size)));
  };
  const listChunks = (firestore: Firestore, size?: number): Promise<unknown> => {
    const all = collection(snapshotRef(firestore, budget.id(), snapshotIdBy('eve')), 'chunks');
    return getDocs(size === undefined ? all : query(all, limit(size)));
  };

  it.each(Object.keys(MEMBERS))('are read by the member %s', async (uid) => {
    const firestore = rules.as(uid);
    await assertSucceeds(list(firestore, 10));
    await assertSucceeds(getDoc(snapshotRef(firestore, budget.id(), snapshotIdBy('eve'))));
    await assertSucceeds(listChunks(firestore, 64));
    await assertSucceeds(getDoc(chunkRef(firestore, budget.id(), snapshotIdBy('eve'), 0)));
  });

  it('are read by nobody else', async () => {
    for (const firestore of [rules.as('out'), rules.asNobody()]) {
      await assertFails(list(firestore, 1));
      await assertFails(getDoc(snapshotRef(firestore, budget.id(), snapshotIdBy('eve'))));
      await assertFails(listChunks(firestore, 1));
      await assertFails(getDoc(chunkRef(firestore, budget.id(), snapshotIdBy('eve'), 0)));
    }
  });

  it('are listed a bounded number at a time, and so are their chunks', async () => {
    for (const size of [11, undefined]) await assertFails(list(rules.as('ann'), size));
    for (const size of [65, undefined]) await assertFails(listChunks(rules.as('ann'), size));
  });

  it('of a deleted budget are read by its owners only', async () => {
    await budget.overwrite(newTombstone());
    await assertSucceeds(list(rules.as('ann'), 10));
    await assertSucceeds(listChunks(rules.as('ann'), 64));
    await assertFails(list(rules.as('eve'), 10));
    await assertFails(listChunks(rules.as('eve'), 64));
  });
});

describe('removing a snapshot', () => {
  beforeEach(() => store('eve'));

  const header = (firestore: Firestore): Promise<void> =>
    deleteDoc(snapshotRef(firestore, budget.id(), snapshotIdBy('eve')));
  const chunk = (firestore: Firestore): Promise<void> =>
    deleteDoc(chunkRef(firestore, budget.id(), snapshotIdBy('eve'), 0));
  const both = (firestore: Firestore): Promise<void> =>
    writeBatch(firestore)
      .delete(snapshotRef(firestore, budget.id(), snapshotIdBy('eve')))
      .delete(chunkRef(firestore, budget.id(), snapshotIdBy('eve'), 0))
      .commit();

  it.each(['ann', 'eve'])('is for %s, who owns the budget or took it; also twice', async (uid) => {
    await assertSucceeds(both(rules.as(uid)));
    await assertSucceeds(both(rules.as(uid)));
  });

  it('is for nobody else', async () => {
    for (const remove of [header, both]) {
      for (const uid of ['e.d', 'vic', 'out']) await assertFails(remove(rules.as(uid)));
      await assertFails(remove(rules.asNobody()));
    }
    await budget.overwrite({ members: { ...MEMBERS, eve: 'viewer' } });
    await assertFails(both(rules.as('eve')));
  });

  it('takes no chunk while the header stands', async () => {
    for (const uid of ['ann', 'eve']) await assertFails(chunk(rules.as(uid)));
    await assertSucceeds(header(rules.as('eve')));
    for (const uid of ['e.d', 'vic', 'out']) await assertFails(chunk(rules.as(uid)));
    await assertFails(chunk(rules.asNobody()));
    await assertSucceeds(chunk(rules.as('eve')));
  });

  it('is for nobody where the floor rests on it', async () => {
    await budget.overwrite({ floor: 1, base: snapshotIdBy('eve') });
    for (const remove of [header, chunk, both]) {
      for (const uid of ['ann', 'eve']) await assertFails(remove(rules.asSignedIn(uid)));
    }
    await budget.overwrite({ floor: 2, base: snapshotIdBy('ann') });
    await assertSucceeds(both(rules.as('eve')));
  });

  it('is for the owners of a deleted budget, in any order, the base as well', async () => {
    await budget.overwrite({ ...newTombstone(), base: snapshotIdBy('eve') });
    for (const remove of [chunk, header]) {
      for (const uid of ['eve', 'e.d', 'out']) await assertFails(remove(rules.as(uid)));
      await assertSucceeds(remove(rules.as('ann')));
    }
  });
});
