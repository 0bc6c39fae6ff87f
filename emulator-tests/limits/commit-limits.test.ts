import { initializeTestEnvironment, type RulesTestEnvironment } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  doc,
  documentId,
  getDoc,
  getDocs,
  limit,
  orderBy,
  query,
  serverTimestamp,
  setDoc,
  where,
  writeBatch,
  type Firestore,
  type WriteBatch,
} from 'firebase/firestore';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  MAX_CHUNK_DELETES_PER_COMMIT,
  MAX_DELETES_PER_COMMIT,
  MAX_PRUNED_PER_COMMIT,
  MAX_WRAPS_PER_COMMIT,
} from '../../sdk/src/ports/commit-limits.js';
import { MAX_ENTRIES_PER_COMMIT } from '../../sdk/src/ports/remote-log.js';
import { RULES_READS } from '../../sdk/src/remote/rules-reads.js';
import { readFirestoreAddress } from '../setup/emulators.js';
import { wrapTestEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { readRules, tallyRules, type RulesTally } from '../rules/rules-tally.js';
import {
  budgetRef,
  changeRef,
  filledBytes,
  newBudget,
  newEntry,
  newId,
  without,
  type Document,
} from '../rules/sample-log.js';
import {
  acceptedBy,
  departureRef,
  inviteRef,
  newDeparture,
  newInvite,
  newPin,
  newTombstone,
  newWrap,
  pinRef,
  wrapRef,
} from '../rules/sample-people.js';

import {
  chunkRef,
  newChunk,
  newHeader,
  oldHeader,
  snapshotIdBy,
  snapshotRef,
} from '../rules/sample-snapshots.js';

/** Limits of production, of which the emulator enforces only the last. */
const MAX_ACCESSES_PER_COMMIT = 20;
const MAX_ACCESSES_PER_REQUEST = 10;
const MAX_EXPRESSIONS = 1000;

// A project of its own, in which nothing else is evaluated meanwhile; and not in the suite of the
// rules, whose coverage the emulator forgets when it is given the rules for another project.
const projectId = `demo-limits-${newId().slice(0, 8)}`;
/** As many as a budget holds, ann and oli among them. */
const CROWD: Document = {
  ann: 'owner',
  oli: 'owner',
  ...Object.fromEntries(
    Array.from({ length: 48 }, (_, index) => [`uid-${String(index)}`, 'editor']),
  ),
};
const FEWER = without(CROWD, 'oli');

let environment: RulesTestEnvironment;
let rules: RulesEnvironment;
let ann: Firestore;
let budgetId: string;

beforeAll(async () => {
  environment = await initializeTestEnvironment({
    projectId,
    firestore: { ...readFirestoreAddress(), rules: await readRules() },
  });
  rules = wrapTestEnvironment(environment);
  ann = rules.asSignedIn('ann');
});
afterAll(() => environment.cleanup());
beforeEach(() => {
  budgetId = newId();
});

async function tally(run: () => Promise<unknown>): Promise<RulesTally> {
  const before = await tallyRules(projectId);
  await run();
  const after = await tallyRules(projectId);
  return {
    accesses: after.accesses - before.accesses,
    expressions: after.expressions - before.expressions,
    started: after.started - before.started,
    finished: after.finished - before.finished,
  };
}

/** What the rules look at for a commit, which has to fit production; in `firestore`, of ann. */
async function tallyCommit(
  fill: (batch: WriteBatch) => WriteBatch,
  firestore: Firestore = ann,
): Promise<number> {
  const { accesses, expressions } = await tally(() => fill(writeBatch(firestore)).commit());
  expect(accesses).toBeLessThanOrEqual(MAX_ACCESSES_PER_COMMIT);
  expect(expressions).toBeLessThanOrEqual(MAX_EXPRESSIONS);
  return accesses;
}

/** Past all rules, a budget as large as they come, with its first entry. */
const storeBudget = (members: Document = CROWD): Promise<void> =>
  rules.bypassRules(async (firestore) => {
    await setDoc(budgetRef(firestore, budgetId), { ...newBudget('ann'), members });
    await setDoc(changeRef(firestore, budgetId, 1), newEntry(budgetId, 'ann', 1));
  });

/** Adds `length` entries behind the first one. */
function addEntries(batch: WriteBatch, length: number, epoch = 1): WriteBatch {
  for (let seq = 2; seq <= length + 1; seq++) {
    batch.set(changeRef(ann, budgetId, seq), { ...newEntry(budgetId, 'ann', seq), epoch });
  }
  return batch;
}

describe('what the rules look at in a commit fits production, and is what the SDK counts', () => {
  it('to create a budget', async () => {
    const accesses = await tallyCommit((batch) =>
      batch
        .set(budgetRef(ann, budgetId), newBudget('ann'))
        .set(changeRef(ann, budgetId, 1), newEntry(budgetId, 'ann', 1))
        .set(wrapRef(ann, budgetId, 'ann'), newWrap('ann'))
        .set(pinRef(ann, 'ann', budgetId), newPin()),
    );
    expect(accesses).toBe(RULES_READS.createBudget);
  });

  it('to append an entry, or as many as a commit takes, with a change of the members', async () => {
    await storeBudget();
    expect(await tallyCommit((batch) => addEntries(batch, 1))).toBe(RULES_READS.appendEntry);
    budgetId = newId();
    await storeBudget();
    const largest = await tallyCommit((batch) =>
      addEntries(batch, MAX_ENTRIES_PER_COMMIT).update(budgetRef(ann, budgetId), {
        members: { ...CROWD, oli: 'viewer' },
      }),
    );
    expect(largest).toBe(
      MAX_ENTRIES_PER_COMMIT * RULES_READS.appendEntry + RULES_READS.changeMembers,
    );
  });

  it.each([1, 2])('to start an epoch with %i entries, which removes somebody', async (length) => {
    await storeBudget();
    const accesses = await tallyCommit((batch) =>
      addEntries(batch, length, 2)
        .set(departureRef(ann, budgetId, 'oli'), newDeparture())
        .update(budgetRef(ann, budgetId), { members: FEWER, epoch: 2, rekey: false }),
    );
    expect(accesses).toBe(
      length * RULES_READS.appendEntry + RULES_READS.startEpoch + RULES_READS.putDeparture,
    );
  });

  it('to accept an invite', async () => {
    const inviteId = newId();
    const newcomer = rules.as('new');
    await storeBudget(FEWER);
    await setDoc(inviteRef(ann, budgetId, inviteId), newInvite('ann'));
    const accesses = await tallyCommit(
      (batch) =>
        batch
          .update(inviteRef(newcomer, budgetId, inviteId), acceptedBy('new'))
          .update(budgetRef(newcomer, budgetId), {
            members: { ...FEWER, new: 'editor' },
            invite: inviteId,
          })
          .set(pinRef(newcomer, 'new', budgetId), newPin()),
      newcomer,
    );
    expect(accesses).toBe(RULES_READS.acceptInvite);
  });

  it('to make an invite and to revoke it', async () => {
    const inviteId = newId();
    await storeBudget();
    const make = await tallyCommit((batch) =>
      batch.set(inviteRef(ann, budgetId, inviteId), newInvite('ann')),
    );
    expect(make).toBe(RULES_READS.createInvite);
    const revoke = await tallyCommit((batch) =>
      batch.update(inviteRef(ann, budgetId, inviteId), { revoked: true }),
    );
    expect(revoke).toBe(RULES_READS.revokeInvite);
  });

  it('to leave', async () => {
    const oli = rules.as('oli');
    await storeBudget();
    const accesses = await tallyCommit(
      (batch) =>
        batch
          .set(departureRef(oli, budgetId, 'oli'), newDeparture())
          .update(budgetRef(oli, budgetId), { members: FEWER, rekey: true }),
      oli,
    );
    expect(accesses).toBe(RULES_READS.leave);
  });

  it('to delete a budget and remove what is below it, twenty documents at a time', async () => {
    await storeBudget();
    const mark = await tallyCommit((batch) =>
      batch.update(budgetRef(ann, budgetId), newTombstone()),
    );
    expect(mark).toBe(RULES_READS.deleteBudget);
    const purge = await tallyCommit((batch) => {
      for (let seq = 1; seq <= MAX_DELETES_PER_COMMIT; seq++) {
        batch.delete(changeRef(ann, budgetId, seq));
      }
      return batch;
    });
    expect(purge).toBe(MAX_DELETES_PER_COMMIT * RULES_READS.purgeDocument);
  });

  it('to store a snapshot, and to remove one with as many chunks as a commit takes', async () => {
    await storeBudget();
    const id = snapshotIdBy('ann');
    const chunk = await tallyCommit((batch) =>
      batch.set(chunkRef(ann, budgetId, id, 0), newChunk()),
    );
    expect(chunk).toBe(RULES_READS.putChunk);
    const header = await tallyCommit((batch) =>
      batch.set(snapshotRef(ann, budgetId, id), newHeader(budgetId, 'ann')),
    );
    expect(header).toBe(RULES_READS.putHeader);
    const remove = await tallyCommit((batch) => {
      for (let at = 0; at < MAX_CHUNK_DELETES_PER_COMMIT; at++) {
        batch.delete(chunkRef(ann, budgetId, id, at));
      }
      return batch.delete(snapshotRef(ann, budgetId, id));
    });
    expect(remove).toBe(
      MAX_CHUNK_DELETES_PER_COMMIT * RULES_READS.removeChunk + RULES_READS.removeHeader,
    );
  });

  it("to remove an editor's own snapshot, which takes the most expressions", async () => {
    const firestore = rules.as('uid-1');
    const id = snapshotIdBy('uid-1');
    await storeBudget();
    const remove = await tallyCommit((batch) => {
      for (let at = 0; at < MAX_CHUNK_DELETES_PER_COMMIT; at++) {
        batch.delete(chunkRef(firestore, budgetId, id, at));
      }
      return batch.delete(snapshotRef(firestore, budgetId, id));
    }, firestore);
    expect(remove).toBe(
      MAX_CHUNK_DELETES_PER_COMMIT * RULES_READS.removeChunk + RULES_READS.removeHeader,
    );
  });

  it('to raise the floor and to prune as many entries below it as a commit takes', async () => {
    const base = snapshotIdBy('ann', 99);
    await storeBudget();
    await rules.bypassRules((firestore) =>
      setDoc(snapshotRef(firestore, budgetId, base), oldHeader(budgetId, 'ann', 99, 31)),
    );
    const raise = await tallyCommit((batch) =>
      batch.update(budgetRef(ann, budgetId), { floor: 50, base }),
    );
    expect(raise).toBe(RULES_READS.raiseFloor);
    const prune = await tallyCommit((batch) => {
      for (let seq = 1; seq <= MAX_PRUNED_PER_COMMIT; seq++) {
        batch.delete(changeRef(ann, budgetId, seq));
      }
      return batch;
    });
    expect(prune).toBe(MAX_PRUNED_PER_COMMIT * RULES_READS.pruneEntry);
  });

  it('to store as many wraps as a commit takes', async () => {
    await storeBudget();
    const { accesses, expressions, finished } = await tally(() => {
      const batch = writeBatch(ann);
      for (let index = 0; index < MAX_WRAPS_PER_COMMIT; index++) {
        const recipient = `uid-${String(index)}`;
        batch.set(wrapRef(ann, budgetId, recipient), newWrap(recipient));
      }
      return batch.commit();
    });
    expect(finished).toBe(MAX_WRAPS_PER_COMMIT);
    expect(accesses).toBe(MAX_WRAPS_PER_COMMIT * RULES_READS.putWrap);
    expect(accesses).toBeLessThanOrEqual(MAX_ACCESSES_PER_COMMIT);
    expect(expressions).toBeLessThanOrEqual(MAX_EXPRESSIONS);
  });
});

describe('what the rules look at for a read or a single document', () => {
  const accessesOf = async (run: () => Promise<unknown>): Promise<number> =>
    (await tally(run)).accesses;

  const accessesOfList = (name: string, field: string, value: unknown): Promise<number> => {
    const below = collection(budgetRef(ann, budgetId), name);
    return accessesOf(() => getDocs(query(below, where(field, '==', value), limit(100))));
  };

  it("is the budget for what is below it, but for invites and one's own notice", async () => {
    await storeBudget();
    const changes = collection(budgetRef(ann, budgetId), 'changes');
    const page = query(changes, where('seq', '>', 0), orderBy('seq'), limit(200));
    expect(await accessesOf(() => getDocs(page))).toBe(RULES_READS.listChanges);
    const head = query(changes, orderBy('seq', 'desc'), limit(1));
    expect(await accessesOf(() => getDocs(head))).toBe(RULES_READS.listChanges);
    const start = query(changes, where('epoch', '==', 1), orderBy('seq'), limit(1));
    expect(await accessesOf(() => getDocs(start))).toBe(RULES_READS.listChanges);
    expect(RULES_READS.listChanges).toBeLessThanOrEqual(MAX_ACCESSES_PER_REQUEST);

    const wraps = query(
      collection(budgetRef(ann, budgetId), 'keys'),
      where(documentId(), '>=', wrapRef(ann, budgetId, 'ann').id),
      limit(100),
    );
    expect(await accessesOf(() => getDocs(wraps))).toBe(RULES_READS.listWraps);
    expect(await accessesOfList('invites', 'usedBy', 'new')).toBe(RULES_READS.listInvites);
    const wrap = wrapRef(ann, budgetId, 'ann');
    expect(await accessesOf(() => getDoc(wrap))).toBe(RULES_READS.readWrap);
    const invite = inviteRef(ann, budgetId, newId());
    expect(await accessesOf(() => getDoc(invite))).toBe(RULES_READS.readInvite);
    const notice = departureRef(ann, budgetId, 'gone');
    expect(await accessesOf(() => getDoc(notice))).toBe(RULES_READS.readDeparture);
    expect(await accessesOf(() => getDoc(departureRef(ann, budgetId, 'ann')))).toBe(0);
  });

  it('is the budget for snapshots, their chunks, and pages of either', async () => {
    await storeBudget();
    const header = snapshotRef(ann, budgetId, snapshotIdBy('ann'));
    const newest = query(
      collection(budgetRef(ann, budgetId), 'snapshots'),
      orderBy('seq', 'desc'),
      limit(2),
    );
    expect(await accessesOf(() => getDocs(newest))).toBe(RULES_READS.listSnapshots);
    expect(await accessesOf(() => getDoc(header))).toBe(RULES_READS.readHeader);
    const page = query(
      collection(header, 'chunks'),
      where(documentId(), '>=', '0'),
      where(documentId(), '<=', '3'),
      limit(4),
    );
    expect(await accessesOf(() => getDocs(page))).toBe(RULES_READS.listChunks);
  });

  it('is the budget, too, for every document below a deleted one that goes', async () => {
    await storeBudget();
    await rules.bypassRules((firestore) =>
      setDoc(budgetRef(firestore, budgetId), { ...newBudget('ann'), ...newTombstone() }),
    );
    const id = snapshotIdBy('ann');
    for (const left of [chunkRef(ann, budgetId, id, 0), snapshotRef(ann, budgetId, id)]) {
      expect(await accessesOf(() => deleteDoc(left))).toBe(RULES_READS.purgeDocument);
    }
  });

  it('is the budget, too, to find what is left below a deleted one', async () => {
    await storeBudget();
    await rules.bypassRules((firestore) =>
      setDoc(budgetRef(firestore, budgetId), { ...newBudget('ann'), ...newTombstone() }),
    );
    for (const name of ['changes', 'keys', 'invites', 'departures', 'snapshots']) {
      const left = query(collection(budgetRef(ann, budgetId), name), limit(10));
      expect(await accessesOf(() => getDocs(left))).toBe(RULES_READS.listPurgeable);
    }
  });

  it('is nothing beyond the document itself for budgets, pins, clocks and public keys', async () => {
    const user = doc(ann, 'users', 'ann');
    const clock = doc(user, 'clock', 'now');
    const keys = { sign: filledBytes(32), box: filledBytes(32), v: 1 };
    await storeBudget();
    expect(await accessesOf(() => getDoc(budgetRef(ann, budgetId)))).toBe(RULES_READS.readBudget);
    expect(await accessesOf(() => setDoc(user, keys))).toBe(RULES_READS.publishKeys);
    expect(await accessesOf(() => getDoc(user))).toBe(RULES_READS.readKeys);
    const askTime = async (): Promise<void> => {
      await setDoc(clock, { at: serverTimestamp() });
      await getDoc(clock);
    };
    expect(await accessesOf(askTime)).toBe(RULES_READS.readServerTime);
    const pin = pinRef(ann, 'ann', budgetId);
    expect(await accessesOf(() => setDoc(pin, newPin()))).toBe(RULES_READS.putPin);
    expect(await accessesOf(() => getDoc(pin))).toBe(RULES_READS.readPin);
    const list = query(collection(user, 'budgets'), limit(100));
    expect(await accessesOf(() => getDocs(list))).toBe(RULES_READS.listBudgets);
    expect(await accessesOf(() => deleteDoc(pin))).toBe(RULES_READS.removePin);
  });

  it('is two other slots at most for keyslots', async () => {
    const slots = collection(ann, 'users', 'ann', 'keyslots');
    const put = (name: string): Promise<void> =>
      setDoc(doc(slots, name), { v: 1, generation: 1, after: 0, slot: filledBytes(9) });
    expect(await accessesOf(() => put('passphrase'))).toBe(RULES_READS.putKeyslot);
    await put('recovery');
    const list = query(slots, limit(20));
    expect(await accessesOf(() => getDocs(list))).toBe(RULES_READS.listKeyslots);
    const remove = (): Promise<void> => deleteDoc(doc(slots, 'passphrase'));
    expect(await accessesOf(remove)).toBe(RULES_READS.removeKeyslot);
  });
});
