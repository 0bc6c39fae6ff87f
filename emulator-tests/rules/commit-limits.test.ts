import { initializeTestEnvironment, type RulesTestEnvironment } from '@firebase/rules-unit-testing';
import {
  collection,
  deleteDoc,
  doc,
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
} from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_ENTRIES_PER_COMMIT } from '../../sdk/src/ports/remote-log.js';
import { RULES_READS } from '../../sdk/src/remote/rules-reads.js';
import { readFirestoreAddress } from '../setup/emulators.js';
import { wrapTestEnvironment } from './rules-environment.js';
import { readRules, tallyRules, type RulesTally } from './rules-tally.js';
import {
  budgetRef,
  changeRef,
  commitGenesis,
  filledBytes,
  newBudget,
  newEntry,
  newId,
} from './sample-log.js';

/** Limits of production, of which the emulator enforces only the last. */
const MAX_ACCESSES_PER_COMMIT = 20;
const MAX_ACCESSES_PER_REQUEST = 10;
const MAX_EXPRESSIONS = 1000;

const budgetId = newId();
// A project of its own, in which nothing else is evaluated meanwhile.
const projectId = `demo-limits-${budgetId.slice(0, 8)}`;
let environment: RulesTestEnvironment;
let firestore: Firestore;

beforeAll(async () => {
  const rules = await readRules();
  environment = await initializeTestEnvironment({
    projectId,
    firestore: { ...readFirestoreAddress(), rules },
  });
  firestore = wrapTestEnvironment(environment).as('ann');
});
afterAll(() => environment.cleanup());

async function tally(run: () => Promise<unknown>): Promise<RulesTally> {
  const before = await tallyRules(projectId);
  await run();
  const after = await tallyRules(projectId);
  return {
    accesses: after.accesses - before.accesses,
    expressions: after.expressions - before.expressions,
  };
}

/** Appends `length` entries behind `head`, and changes the members if told to. */
function append(head: number, length: number, withMembers: boolean): Promise<void> {
  const batch = writeBatch(firestore);
  for (let seq = head + 1; seq <= head + length; seq++) {
    batch.set(changeRef(firestore, budgetId, seq), newEntry(budgetId, 'ann', seq));
  }
  if (withMembers) batch.update(budgetRef(firestore, budgetId), { members: { ann: 'owner' } });
  return batch.commit();
}

describe('what the rules look at', () => {
  it('fits production, and is what the SDK counts, from genesis to the largest commit', async () => {
    const genesis = await tally(() =>
      commitGenesis(firestore, budgetId, newBudget('ann'), newEntry(budgetId, 'ann', 1)),
    );
    expect(genesis.accesses).toBe(RULES_READS.createBudget);

    const single = await tally(() => append(1, 1, false));
    expect(single.accesses).toBe(RULES_READS.appendEntry);
    expect(single.expressions).toBeLessThanOrEqual(MAX_EXPRESSIONS);

    const largest = await tally(() => append(2, MAX_ENTRIES_PER_COMMIT, true));
    expect(largest.accesses).toBe(
      MAX_ENTRIES_PER_COMMIT * RULES_READS.appendEntry + RULES_READS.changeMembers,
    );
    expect(largest.accesses).toBeLessThanOrEqual(MAX_ACCESSES_PER_COMMIT);
    expect(largest.expressions).toBeLessThanOrEqual(MAX_EXPRESSIONS);

    const changes = collection(firestore, 'budgets', budgetId, 'changes');
    const list = await tally(() =>
      getDocs(query(changes, where('seq', '>', 0), orderBy('seq'), limit(200))),
    );
    expect(list.accesses).toBe(RULES_READS.listChanges);
    expect(list.accesses).toBeLessThanOrEqual(MAX_ACCESSES_PER_REQUEST);
  });

  it('is nothing beyond the document itself for budgets, clocks and public keys', async () => {
    const user = doc(firestore, 'users', 'ann');
    const clock = doc(user, 'clock', 'now');
    const keys = { sign: filledBytes(32), box: filledBytes(32), v: 1 };
    const accessesOf = async (run: () => Promise<unknown>): Promise<number> =>
      (await tally(run)).accesses;
    const id = newId();
    await environment.withSecurityRulesDisabled(async (context) => {
      await context.firestore().doc(`budgets/${id}`).set(newBudget('ann'));
    });
    expect(await accessesOf(() => getDoc(budgetRef(firestore, id)))).toBe(RULES_READS.readBudget);
    expect(await accessesOf(() => setDoc(user, keys))).toBe(RULES_READS.publishKeys);
    expect(await accessesOf(() => getDoc(user))).toBe(RULES_READS.readKeys);
    const askTime = async (): Promise<void> => {
      await setDoc(clock, { at: serverTimestamp() });
      await getDoc(clock);
    };
    expect(await accessesOf(askTime)).toBe(RULES_READS.readServerTime);
  });

  it('is two other slots at most for keyslots', async () => {
    const slots = collection(firestore, 'users', 'ann', 'keyslots');
    const put = (name: string): Promise<void> =>
      setDoc(doc(slots, name), { v: 1, generation: 1, after: 0, slot: filledBytes(9) });
    expect((await tally(() => put('passphrase'))).accesses).toBe(RULES_READS.putKeyslot);
    await put('recovery');
    const list = await tally(() => getDocs(query(slots, limit(20))));
    expect(list.accesses).toBe(RULES_READS.listKeyslots);
    const remove = await tally(() => deleteDoc(doc(slots, 'passphrase')));
    expect(remove.accesses).toBe(RULES_READS.removeKeyslot);
  });
});
