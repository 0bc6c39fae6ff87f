import { collection, doc, getDoc, getDocs, limit, query } from 'firebase/firestore/lite';
import { signInWithEmailAndPassword, getAuth } from 'firebase/auth';
import { describe, expect, it } from 'vitest';
import { createSync, type Random, type Role } from '@sealsync/sdk';
import { hexToBytes } from '@noble/hashes/utils.js';
import { openFrame } from '../../sdk/src/crypto/envelope.js';
import { parseFrame } from '../../sdk/src/crypto/frame.js';
import { verifyNotice } from '../../sdk/src/crypto/notice.js';
import { readEmulatorHosts } from '../setup/emulators.js';
import { budgetIdOf, random, takeKey } from './forgery.js';
import { honestView, kindsOf, type OpenDevice, type Person } from './person.js';
import { bytesOf } from './project.js';
import { failureOf, foundBudget, limitOf, lookAgain, put, useStage } from './stage.js';

const stage = useStage();
const HOUR_MS = 3_600_000;

async function inviteTo({ budget }: OpenDevice, role: Role): Promise<string> {
  return (await budget.people.createInvite({ role, expiresInMs: HOUR_MS })).link;
}

/** What a request with the person's own session is answered, past the kit. */
async function deniedReads({ session }: Person, budgetId: string): Promise<readonly string[]> {
  const budget = doc(session.firestore, 'budgets', budgetId);
  const requests = [
    getDoc(budget),
    getDoc(doc(budget, 'changes', '1')),
    ...['changes', 'keys', 'invites'].map((name) =>
      getDocs(query(collection(budget, name), limit(10))),
    ),
  ];
  const answers = await Promise.allSettled(requests);
  return answers.map((answer) =>
    answer.status === 'fulfilled' ? 'answered' : (answer.reason as { code: string }).code,
  );
}

const DENIED: readonly string[] = Array.from({ length: 5 }, () => 'permission-denied');

describe('two people', () => {
  it('share a budget by a link, compare numbers, and part for good', async () => {
    const { ann, ben, project } = stage;
    const annes = await ann.create();
    await put(annes, 'food', 100);
    const { id } = annes.budget;
    expect(await deniedReads(ben, id)).toEqual(DENIED);
    const bens = await ben.join(await inviteTo(annes, 'editor'));
    expect(limitOf(bens, 'food')).toBe(100);
    await put(bens, 'rent', 800);
    await annes.budget.sync.syncNow();
    await put(annes, 'fun', 50);
    await bens.budget.sync.syncNow();
    expect(honestView(bens)).toEqual(honestView(annes));
    expect(honestView(annes).roles).toEqual({ [ann.uid]: 'owner', [ben.uid]: 'editor' });
    expect(await ann.sync.listBudgets()).toContain(id);
    expect(await ben.sync.listBudgets()).toContain(id);

    const number = annes.budget.people.safetyNumber(ben.uid);
    expect(number).toMatch(/^[0-9 ]{60,}$/);
    expect(bens.budget.people.safetyNumber(ann.uid)).toBe(number);
    await annes.budget.people.markVerified(ben.uid);
    expect(annes.budget.people.members().get(ben.uid)?.verified).toBe(true);

    const heldKey = await takeKey(project, id, ben.identity);
    await annes.budget.people.removeMember(ben.uid);
    await put(annes, 'secret', 1);
    expect(await failureOf(bens.budget.sync.syncNow())).toBe('removed');
    expect(bens.ends).toEqual([{ kind: 'removed', by: ann.uid }]);
    expect(limitOf(bens, 'food')).toBe(100);
    expect(limitOf(bens, 'secret')).toBeUndefined();
    expect(await failureOf(ben.open(id))).not.toBe('none');
    expect(await deniedReads(ben, id)).toEqual(DENIED);
    // Not even with all that the project holds: no key of the new epoch is wrapped for Ben.
    const opened = (await project.readLog(id)).map(({ frame }) => {
      const parsed = parseFrame(frame);
      return parsed.ok && openFrame(parsed.value, heldKey).ok;
    });
    expect(opened.slice(0, -2)).not.toContain(false);
    expect(opened.slice(-2)).toEqual([false, false]);
    expect(await failureOf(takeKey(project, id, ben.identity))).toContain('no document');
    // What he wrote as a member stays.
    expect(limitOf(await ann.open(id), 'rent')).toBe(800);
    await bens.budget.wipe();
  });

  it('part when one leaves: the next to open the budget replaces its key', async () => {
    const { ann, ben, project } = stage;
    const annes = await foundBudget(stage, ben);
    const { id } = annes.budget;
    const bens = await ben.open(id);
    await put(bens, 'rent', 800);
    const heldKey = await takeKey(project, id, ben.identity);
    await bens.budget.people.leave();
    expect(bens.ends).toEqual([{ kind: 'left', by: ben.uid }]);
    expect(await ben.sync.listBudgets()).not.toContain(id);
    expect(await deniedReads(ben, id)).toEqual(DENIED);
    // A device that is open writes nothing before the new key is there.
    await put(annes, 'secret', 1);
    expect(annes.budget.verifiedState().epoch).toBe(2);
    expect(honestView(annes).roles).toEqual({ [ann.uid]: 'owner' });
    expect(kindsOf(annes)).toEqual([]);
    const head = (await project.readLog(id)).at(-1);
    const parsed = parseFrame(head?.frame ?? new Uint8Array());
    expect(parsed.ok && openFrame(parsed.value, heldKey).ok).toBe(false);
    const { members, rekey } = await project.read(project.budget(id));
    expect({ members, rekey }).toEqual({ members: { [ann.uid]: 'owner' }, rekey: false });
  });

  it('hand a budget over: its last owner can leave then, and not before', async () => {
    const { ann, ben } = stage;
    const annes = await foundBudget(stage, ben);
    expect(await failureOf(annes.budget.people.leave())).toBe('last_owner');
    const demoted = annes.budget.people.changeRole({ uid: ann.uid, role: 'viewer' });
    expect(await failureOf(demoted)).toBe('last_owner');
    await annes.budget.people.changeRole({ uid: ben.uid, role: 'owner' });
    await annes.budget.people.leave();
    const bens = await ben.open(annes.budget.id);
    expect(honestView(bens).roles).toEqual({ [ben.uid]: 'owner' });
    expect(kindsOf(bens)).toEqual([]);
    expect(bens.budget.verifiedState().epoch).toBe(2);
    await put(bens, 'rent', 800);
    expect(await failureOf(ann.open(annes.budget.id))).not.toBe('none');
  });
});

describe('a viewer', () => {
  it('reads from the moment of joining, is taken up by a member, and changes nothing', async () => {
    const { ann, ben, cy } = stage;
    const annes = await foundBudget(stage, ben);
    const viewer = await cy.join(await inviteTo(annes, 'viewer'));
    expect(limitOf(viewer, 'food')).toBe(100);
    expect(viewer.budget.people.isJoining).toBe(true);
    const bens = await ben.open(annes.budget.id);
    expect(kindsOf(bens)).toEqual([]);
    await viewer.budget.sync.syncNow();
    expect(viewer.budget.people.isJoining).toBe(false);
    const roles = { [ann.uid]: 'owner', [ben.uid]: 'editor', [cy.uid]: 'viewer' };
    expect(honestView(viewer)).toEqual({ ...honestView(bens), roles });
    const edit = viewer.budget.collection('envelopes').put('food', { limit: 1 });
    expect(await failureOf(edit)).toBe('access_denied');
    await annes.budget.people.rotateKey();
    await put(annes, 'rent', 800);
    await viewer.budget.sync.syncNow();
    expect(limitOf(viewer, 'rent')).toBe(800);
    const again = await lookAgain(cy, annes);
    expect(honestView(again)).toEqual(honestView(viewer));
  });
});

/** The kit of `person` with random numbers that start with `id`. */
function syncThatTakes({ session, identity }: Person, id: string): ReturnType<typeof createSync> {
  const taken = [hexToBytes(id)];
  const planned: Random = { ...random, bytes: (length) => taken.shift() ?? random.bytes(length) };
  return createSync({ firebase: session.app, user: session.user, identity, random: planned });
}

describe('a deleted budget', () => {
  it('leaves a signed tombstone and nothing below it, and its id is never free again', async () => {
    const { ann, ben, cy, eve, project } = stage;
    const annes = await foundBudget(stage, ben, cy);
    const { id } = annes.budget;
    const link = await inviteTo(annes, 'editor');
    await annes.budget.people.removeMember(cy.uid);
    const [bens, second] = [await ben.open(id), await ann.open(id)];
    const stored = await project.budget(id).listCollections();
    expect(stored.map(({ id: name }) => name).sort()).toEqual([
      'changes',
      'departures',
      'invites',
      'keys',
    ]);
    const progress: number[] = [];
    await annes.budget.people.deleteBudget((removed) => progress.push(removed));
    expect(progress.length).toBeGreaterThan(0);
    expect(await project.budget(id).listCollections()).toEqual([]);
    const left = await project.read(project.budget(id));
    expect(left['deleted']).toBe(true);
    const bytes = bytesOf(left['tombstone'] as Uint8Array);
    const signed = { bytes, budgetId: budgetIdOf(id), kind: 'deleted', uid: ann.uid } as const;
    expect(verifyNotice({ ...signed, bySignKey: ann.identity.publicKeys.sign }).ok).toBe(true);

    expect(await failureOf(bens.budget.sync.syncNow())).toBe('budget_deleted');
    expect(bens.ends).toEqual([{ kind: 'deleted', by: ann.uid }]);
    expect(limitOf(bens, 'food')).toBe(100);
    // An owner can still read what is left of the log, and is not told of a rollback.
    await second.budget.sync.stop();
    second.budget.sync.start();
    expect(await failureOf(second.budget.sync.syncNow())).toBe('budget_deleted');
    expect(second.ends).toEqual([{ kind: 'deleted', by: ann.uid }]);
    expect(kindsOf(second)).toEqual([]);
    expect(await failureOf(eve.join(link))).toBe('budget_deleted');
    expect(await failureOf(ann.open(id))).toBe('budget_deleted');
    expect(await ann.sync.listBudgets()).not.toContain(id);
    for (const person of [ann, ben, eve]) {
      const sync = await syncThatTakes(person, id);
      expect(await failureOf(sync.createBudget())).toBe('access_denied');
      await sync.close();
    }
    expect(await project.read(project.budget(id))).toEqual(left);
  });

  it('that was stopped half-way is removed when its owner opens it again', async () => {
    const { ann, ben, project } = stage;
    const annes = await foundBudget(stage, ben);
    const { id } = annes.budget;
    await annes.budget.people.deleteBudget();
    // As if the owner's device had died right after the tombstone was stored.
    const orphan = project
      .budget(id)
      .collection('keys')
      .doc(`${'0'.repeat(64)}_${ben.uid}`);
    await orphan.set({ v: 1, epoch: 1, recipient: ben.uid, wrap: Buffer.alloc(8) });
    expect(await failureOf(ben.open(id))).not.toBe('none');
    expect(await project.listIds(id, 'keys')).toHaveLength(1);
    expect(await failureOf(ann.open(id))).toBe('budget_deleted');
    expect(await project.budget(id).listCollections()).toEqual([]);
  });
});

describe('what cannot be undone', () => {
  it('needs a sign-in of the last 15 minutes, by the kit and by the rules', async () => {
    const { ann, ben, project } = stage;
    const annes = await foundBudget(stage, ben);
    const { id, people } = annes.budget;
    await pretendSignInWas(ann, 16 * 60_000);
    expect(await failureOf(people.removeMember(ben.uid))).toBe('sign_in_again');
    expect(await failureOf(people.deleteBudget())).toBe('sign_in_again');
    await ann.session.user.getIdToken(true);
    // An app that skips the kit's question is turned away by the rules.
    const forgetful = await createSync({
      firebase: ann.session.app,
      user: { uid: ann.uid, getIdToken: async () => '' },
      identity: ann.identity,
    });
    const opened = await forgetful.openBudget(id);
    expect(await failureOf(opened.people.deleteBudget())).not.toBe('none');
    expect(await failureOf(opened.people.removeMember(ben.uid))).not.toBe('none');
    await forgetful.close();
    const { members, deleted } = await project.read(project.budget(id));
    expect(Object.keys(members as object)).toContain(ben.uid);
    expect(deleted).toBe(false);

    const { email, password } = ann.account;
    await signInWithEmailAndPassword(getAuth(ann.session.app), email, password);
    await people.removeMember(ben.uid);
    expect(honestView(annes).roles).toEqual({ [ann.uid]: 'owner' });
  });
});

/** The Auth emulator takes the time of the last sign-in from the account. */
async function pretendSignInWas({ uid }: Person, agoMs: number): Promise<void> {
  const { authHost, projectId } = readEmulatorHosts();
  const url = `http://${authHost}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:update`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
    body: JSON.stringify({ localId: uid, lastLoginAt: String(Date.now() - agoMs) }),
  });
  expect(answer.status).toBe(200);
}
