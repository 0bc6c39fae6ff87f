import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import {
  deleteDoc,
  setDoc,
  Timestamp,
  updateDoc,
  writeBatch,
  type Bytes,
  type Firestore,
} from 'firebase/firestore';
import { beforeEach, describe, it } from 'vitest';
import {
  budgetRef,
  changeRef,
  commitGenesis,
  filledBytes,
  MIN_FRAME_BYTES,
  newBudget,
  newEntry,
  newFrame,
  newId,
  prevAt,
  without,
  type Document,
  type FrameStart,
} from './sample-log.js';
import { useRules } from './use-rules.js';

const WINDOW_MS = 10 * 60_000;
/** More than a commit takes, less than would matter. */
const SLACK_MS = 15_000;

const rules = useRules();
let budgetId: string;

beforeEach(() => {
  budgetId = newId();
});

describe('the first change', () => {
  const create = (change: Document): Promise<void> =>
    commitGenesis(rules.as('ann'), budgetId, newBudget('ann'), {
      ...newEntry(budgetId, 'ann', 1),
      ...change,
    });

  it('comes with its budget', async () => {
    await assertSucceeds(create({}));
  });

  it('has no predecessor, whatever its frame says: a hash is refused', async () => {
    const prev = filledBytes(32, 7);
    await assertFails(create({ prev, frame: newFrame({ budgetId, prev }) }));
  });

  it.each<[string, Document]>([
    ['too few zeros', { prev: filledBytes(31) }],
    ['too many zeros', { prev: filledBytes(33) }],
    ['zeros of another type', { prev: '0'.repeat(64) }],
  ])('has no predecessor: a %s is refused', async (_what, change) => {
    await assertFails(create(change));
  });

  it('cannot come without a budget', async () => {
    await assertFails(
      setDoc(changeRef(rules.as('ann'), budgetId, 1), newEntry(budgetId, 'ann', 1)),
    );
  });

  it('cannot come after its budget', async () => {
    await rules.bypassRules((firestore) =>
      setDoc(budgetRef(firestore, budgetId), newBudget('ann')),
    );
    await assertFails(
      setDoc(changeRef(rules.as('ann'), budgetId, 1), newEntry(budgetId, 'ann', 1)),
    );
  });

  it('may bring further ones along', async () => {
    const firestore = rules.as('ann');
    await assertSucceeds(
      writeBatch(firestore)
        .set(budgetRef(firestore, budgetId), newBudget('ann'))
        .set(changeRef(firestore, budgetId, 1), newEntry(budgetId, 'ann', 1))
        .set(changeRef(firestore, budgetId, 2), newEntry(budgetId, 'ann', 2))
        .commit(),
    );
  });
});

describe('appending', () => {
  const members = { ann: 'owner', eve: 'editor', vic: 'viewer', 'a.b': 'editor' };

  beforeEach(async () => {
    const firestore = rules.as('ann');
    await commitGenesis(firestore, budgetId, newBudget('ann'), newEntry(budgetId, 'ann', 1));
    await updateDoc(budgetRef(firestore, budgetId), { members });
  });

  const append = (
    uid: string,
    change: Document = {},
    id: string | number = 2,
    firestore: Firestore = rules.as(uid),
  ): Promise<void> =>
    setDoc(changeRef(firestore, budgetId, id), { ...newEntry(budgetId, uid, 2), ...change });

  /** The second entry's frame, but for what `start` says. */
  const framed = (start: Partial<FrameStart>, length?: number, fill?: number): Document => ({
    frame: newFrame({ budgetId, prev: prevAt(budgetId, 2), ...start }, length, fill),
  });

  /** Names another predecessor, beside the frame and in it. */
  const continuing = (prev: Bytes): Document => ({ prev, ...framed({ prev }) });

  const changeBudget = (change: Document): Promise<void> =>
    rules.bypassRules((firestore) => updateDoc(budgetRef(firestore, budgetId), change));

  it.each(['ann', 'eve', 'a.b'])('is open to %s, who owns or edits', async (uid) => {
    await assertSucceeds(append(uid));
  });

  it.each(['vic', 'out', 'a'])('is closed to %s, who views or is no member', async (uid) => {
    await assertFails(append(uid));
  });

  it('is closed to whoever is not signed in', async () => {
    await assertFails(append('ann', {}, 2, rules.asNobody()));
  });

  it('is open to an anonymous member', async () => {
    await assertSucceeds(append('eve', {}, 2, rules.asAnonymousUser('eve')));
  });

  it('continues a chain entry by entry, alone or several at once', async () => {
    await assertSucceeds(append('ann'));
    const firestore = rules.as('eve');
    const batch = writeBatch(firestore);
    for (const seq of [3, 4, 5]) {
      batch.set(changeRef(firestore, budgetId, seq), newEntry(budgetId, 'eve', seq));
    }
    await assertSucceeds(batch.commit());
  });

  it('comes with a change of the members made by an owner', async () => {
    const firestore = rules.as('ann');
    await assertSucceeds(
      writeBatch(firestore)
        .set(changeRef(firestore, budgetId, 2), newEntry(budgetId, 'ann', 2))
        .update(budgetRef(firestore, budgetId), { members: { ...members, vic: 'editor' } })
        .commit(),
    );
  });

  it('is closed to whoever grants themselves the right in the same commit', async () => {
    const firestore = rules.as('vic');
    await assertFails(
      writeBatch(firestore)
        .set(changeRef(firestore, budgetId, 2), newEntry(budgetId, 'vic', 2))
        .update(budgetRef(firestore, budgetId), { members: { ...members, vic: 'editor' } })
        .commit(),
    );
  });

  it.each(['seq', 'epoch', 'author', 't', 'at', 'prev', 'frame'])(
    'is refused without %s',
    async (field) => {
      await assertFails(
        setDoc(
          changeRef(rules.as('ann'), budgetId, 2),
          without(newEntry(budgetId, 'ann', 2), field),
        ),
      );
    },
  );

  it.each<[string, () => Document]>([
    ['another field', () => ({ note: 'x' })],
    ['a seq that is a string', () => ({ seq: '2' })],
    ['a seq that is no integer', () => ({ seq: 2.5 })],
    ['the seq of another document', () => ({ seq: 1 })],
    ['an epoch that is a string', () => ({ epoch: '1' })],
    ['an epoch that is no integer', () => ({ epoch: 1.5 })],
    ['an epoch ahead', () => ({ epoch: 2 })],
    ['an epoch behind', () => ({ epoch: 0 })],
    ['another author', () => ({ author: 'eve' })],
    ['an author that is no string', () => ({ author: ['ann'] })],
    ['a time that is a timestamp', () => ({ t: Timestamp.now() })],
    ['a time that is no integer', () => ({ t: Date.now() + 0.5 })],
    ['a time too far behind', () => ({ t: Date.now() - WINDOW_MS - SLACK_MS })],
    ['a time too far ahead', () => ({ t: Date.now() + WINDOW_MS + SLACK_MS })],
    ['a time before 1970', () => ({ t: -Date.now() })],
    ["an `at` that is not the server's", () => ({ at: Timestamp.now() })],
    ['an `at` of another type', () => ({ at: Date.now() })],
    ['the hash of something else', () => continuing(filledBytes(32, 9))],
    ['zeros for a predecessor', () => continuing(filledBytes(32))],
    ['half a hash', () => ({ prev: filledBytes(16) })],
    [
      'a hash in hex',
      () => ({ prev: Buffer.from(prevAt(budgetId, 2).toUint8Array()).toString('hex') }),
    ],
    ['a hash in base64', () => ({ prev: prevAt(budgetId, 2).toBase64() })],
    ['an empty frame', () => ({ frame: filledBytes(0) })],
    ['a frame too short', () => framed({}, MIN_FRAME_BYTES - 1)],
    ['a frame too large', () => framed({}, 262_145)],
    ['a frame that is a string', () => ({ frame: 'x'.repeat(MIN_FRAME_BYTES) })],
    ['a frame that is a list', () => ({ frame: [1, 2, 3] })],
    ['a frame of another magic', () => framed({ magic: 'SEAM' })],
    ['a frame of version 0', () => framed({ version: 0 })],
    ['a frame of version 2', () => framed({ version: 2 })],
    ['a frame of suite 0', () => framed({ suite: 0 })],
    ['a frame of suite 2', () => framed({ suite: 2 })],
    ['a frame of kind 0', () => framed({ kind: 0 })],
    ['a frame of kind 3', () => framed({ kind: 3 })],
    ['a frame of kind 17, a snapshot', () => framed({ kind: 17 })],
    ['a frame of another budget', () => framed({ budgetId: newId() })],
    ['a frame that continues another log', () => framed({ prev: filledBytes(32, 9) })],
    ['a frame that opens a log', () => framed({ prev: filledBytes(32) })],
  ])('is refused with %s', async (_what, change) => {
    await assertFails(append('ann', change()));
  });

  it.each<[string, () => Document]>([
    ['a time almost too far behind', () => ({ t: Date.now() - WINDOW_MS + SLACK_MS })],
    ['a time almost too far ahead', () => ({ t: Date.now() + WINDOW_MS - SLACK_MS })],
    ['the smallest frame', () => framed({}, MIN_FRAME_BYTES)],
    ['the largest frame', () => framed({}, 262_144)],
    ['the largest frame of other bytes', () => framed({}, 262_144, 0xff)],
    ['a frame about the members', () => framed({ kind: 2 })],
  ])('is accepted with %s', async (_what, change) => {
    await assertSucceeds(append('ann', change()));
  });

  it.each(['02', '2.0', '+2', ' 2', '2 ', 'two', '0x2'])(
    'is refused under the id %j, which is not its number',
    async (id) => {
      await assertFails(append('ann', {}, id));
    },
  );

  it('is refused behind a gap', async () => {
    await assertFails(
      setDoc(changeRef(rules.as('ann'), budgetId, 3), newEntry(budgetId, 'ann', 3)),
    );
  });

  it.each([0, -1])('is refused at %i', async (seq) => {
    await assertFails(
      setDoc(changeRef(rules.as('ann'), budgetId, seq), { ...newEntry(budgetId, 'ann', 2), seq }),
    );
  });

  it('is refused where an entry stands, whoever wrote it', async () => {
    await append('ann');
    await assertFails(append('eve'));
    await assertFails(append('ann'));
  });

  it('is never undone: nothing in the log changes or goes', async () => {
    for (const uid of Object.keys(members)) {
      const entry = changeRef(rules.as(uid), budgetId, 1);
      await assertFails(updateDoc(entry, { frame: filledBytes(300, 9) }));
      await assertFails(deleteDoc(entry));
    }
  });

  it('is all or nothing', async () => {
    const firestore = rules.as('ann');
    await assertFails(
      writeBatch(firestore)
        .set(changeRef(firestore, budgetId, 2), newEntry(budgetId, 'ann', 2))
        .set(changeRef(firestore, budgetId, 3), { ...newEntry(budgetId, 'ann', 3), author: 'eve' })
        .commit(),
    );
    await assertSucceeds(append('ann'));
  });

  it('follows the epoch of the budget', async () => {
    await changeBudget({ epoch: 2 });
    await assertFails(append('ann'));
    await assertSucceeds(append('ann', { epoch: 2 }));
  });

  it('is refused at or below the floor, where entries may have been pruned', async () => {
    await changeBudget({ floor: 2 });
    await assertFails(append('ann'));
    await changeBudget({ floor: 1 });
    await assertSucceeds(append('ann'));
  });

  it('cannot begin a pruned log anew', async () => {
    await changeBudget({ floor: 1 });
    await rules.bypassRules((firestore) => deleteDoc(changeRef(firestore, budgetId, 1)));
    await assertFails(
      setDoc(changeRef(rules.as('ann'), budgetId, 1), newEntry(budgetId, 'ann', 1)),
    );
    await assertFails(append('ann', continuing(filledBytes(32))));
  });

  it('ends once the budget is deleted or waits for a new key', async () => {
    await changeBudget({ deleted: true });
    await assertFails(append('ann'));
    await changeBudget({ deleted: false, rekey: true });
    await assertFails(append('ann'));
    await changeBudget({ rekey: false });
    await assertSucceeds(append('ann'));
  });
});
