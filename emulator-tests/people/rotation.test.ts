import {
  createMemoryStore,
  createSync,
  openKeyslots,
  type Identity,
  type Keyslots,
  type Sealsync,
} from '@sealsync/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFrame } from '../../sdk/src/crypto/frame.js';
import { unwrapEpochKey } from '../../sdk/src/crypto/wrap-epoch-key.js';
import { signInPerson, type SignedInPerson } from '../log/signed-in-person.js';
import { budgetIdOf } from './forgery.js';
import type { Shapes } from './person.js';
import { bytesOf } from './project.js';
import { failureOf, foundBudget, put, useStage } from './stage.js';

const stage = useStage();
const PASSPHRASE = 'quiet harbour sells green violins';
const QUIET = { pollIntervalMs: 3_600_000, maxRetryDelayMs: 3_600_000, rotateKeyAfterMs: 0 };

interface Device {
  readonly keyslots: Keyslots;
  readonly sync: Sealsync;
}

let session: SignedInPerson;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  session = await signInPerson();
});
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
  await session.close();
});

async function startDevice(): Promise<Device> {
  const { app: firebase, user } = session;
  const keyslots = await openKeyslots({ firebase, user });
  const identity = await keyslots.unlockOrCreate({ passphrase: PASSPHRASE });
  const sync = await createSync({ firebase, user, identity, settings: QUIET });
  closing.push(keyslots, sync);
  return { keyslots, sync };
}

/** How many of the wraps that the project holds give `identity` the key of that entry. */
async function opensOf(identity: Identity, id: string, which: 'first' | 'newest'): Promise<number> {
  const { project } = stage;
  const entry = (await project.readLog(id)).at(which === 'first' ? 0 : -1);
  const frame = entry && parseFrame(entry.frame);
  if (!frame?.ok) throw new Error('every entry of the log is a frame');
  const { epoch, kid } = frame.value.header;
  const budgetId = budgetIdOf(id);
  const wraps = await project.budget(id).collection('keys').get();
  return wraps.docs.filter((found) => {
    const bytes = bytesOf((found.data() as { wrap: Uint8Array }).wrap);
    const wrapperSignKey = undefined;
    return unwrapEpochKey({ bytes, identity, wrapperSignKey, budgetId, epoch, kid }).ok;
  }).length;
}

describe('an identity that may have leaked', () => {
  it('is replaced in all budgets, and what the old keys open ends there', async () => {
    const annes = await foundBudget(stage);
    const { id } = annes.budget;
    const old = await startDevice();
    await old.sync.publishIdentity();
    const { uid } = session;
    const { fingerprint } = old.sync;
    await annes.budget.people.addMember({ uid, role: 'editor', fingerprint });
    const shared = await old.sync.openBudget<Shapes>(id);
    const own = await old.sync.createBudget<Shapes>();
    await own.collection('envelopes').put('mine', { limit: 1 });
    await own.sync.syncNow();
    const before = annes.budget.people.safetyNumber(uid);
    await old.keyslots.addRecoveryPhrase();
    // What a thief has copied: the keys, as they are in memory.
    const thief = await openKeyslots({ firebase: session.app, user: session.user });
    closing.push(thief);
    const stolen = await thief.unlock({ passphrase: PASSPHRASE });

    const done = await old.sync.rotateIdentity({ keyslots: old.keyslots, passphrase: PASSPHRASE });
    expect([...done.rotated].sort()).toEqual([id, own.id].sort());
    expect(done.left).toEqual([]);
    expect(await old.keyslots.list()).toMatchObject([{ name: 'passphrase' }]);
    expect(old.sync.fingerprint).not.toBe(fingerprint);
    await annes.budget.sync.syncNow();
    expect(annes.budget.people.safetyNumber(uid)).not.toBe(before);
    await put(annes, 'secret', 1);
    await shared.sync.syncNow();
    expect(shared.collection('envelopes').get('secret')).toEqual({ limit: 1 });
    await shared.collection('envelopes').put('answer', { limit: 2 });
    await shared.sync.syncNow();

    expect(await opensOf(stolen, id, 'newest')).toBe(0);
    expect(await opensOf(stolen, id, 'first')).toBe(1);

    const fresh = await startDevice();
    const again = await fresh.sync.openBudget<Shapes>(id);
    expect(again.collection('envelopes').get('secret')).toEqual({ limit: 1 });
    expect(again.collection('envelopes').get('answer')).toEqual({ limit: 2 });
    const mine = await fresh.sync.openBudget<Shapes>(own.id);
    expect(mine.collection('envelopes').get('mine')).toEqual({ limit: 1 });
  });

  it('is replaced by another device where the first was stopped after one of the budgets', async () => {
    const first = await startDevice();
    const budgets = [
      await first.sync.createBudget<Shapes>(),
      await first.sync.createBudget<Shapes>(),
    ];
    const change = await first.keyslots.prepareRotation({ passphrase: PASSPHRASE });
    // As `rotateIdentity` begins: one budget knows the next keys, the other does not.
    const { app: firebase, user } = session;
    const begun = await createSync({ firebase, user, identity: change.from, settings: QUIET });
    closing.push(begun);
    const half = await begun.openBudget<Shapes>(budgets[0]?.id ?? '');
    await expect(half.people.takeUpIdentity(change)).resolves.toBe('rotated');
    await begun.close();

    const second = await startDevice();
    expect(await second.keyslots.rotationPending()).toBe(true);
    const { keyslots } = second;
    const done = await second.sync.rotateIdentity({ keyslots, passphrase: PASSPHRASE });
    expect([...done.rotated].sort()).toEqual(budgets.map(({ id }) => id).sort());
    expect(await keyslots.rotationPending()).toBe(false);
    const third = await startDevice();
    for (const { id } of budgets) {
      const opened = await third.sync.openBudget<Shapes>(id);
      await opened.collection('envelopes').put('food', { limit: 1 });
      await opened.sync.syncNow();
    }
  });

  it('makes a viewer leave, who cannot sign for new keys', async () => {
    const annes = await foundBudget(stage);
    const { sync, keyslots } = await startDevice();
    await sync.publishIdentity();
    const { fingerprint } = sync;
    await annes.budget.people.addMember({ uid: session.uid, role: 'viewer', fingerprint });
    await sync.openBudget<Shapes>(annes.budget.id);
    const done = await sync.rotateIdentity({ keyslots, passphrase: PASSPHRASE });
    expect(done).toEqual({ rotated: [], left: [annes.budget.id], failed: [], isComplete: true });
    await put(annes, 'later', 1);
    expect([...annes.budget.people.members().keys()]).toEqual([stage.ann.uid]);
  });

  it('is replaced in the others where a project withholds one, which it waits for', async () => {
    const { sync, keyslots } = await startDevice();
    const own = await sync.createBudget<Shapes>();
    const annes = await foundBudget(stage);
    await sync.publishIdentity();
    const { fingerprint } = sync;
    await annes.budget.people.addMember({ uid: session.uid, role: 'editor', fingerprint });
    await (await sync.openBudget<Shapes>(annes.budget.id)).close();
    // On a device that has never read why, being shut out is no reason to forget the budget.
    const ref = stage.project.budget(annes.budget.id);
    const { members } = (await ref.get()).data() as { members: Record<string, string> };
    await ref.update({ members: { [stage.ann.uid]: 'owner' } });
    const options = { keyslots, passphrase: PASSPHRASE };
    expect(await sync.rotateIdentity(options)).toEqual({
      rotated: [own.id],
      left: [],
      failed: [{ id: annes.budget.id, kind: 'access_denied' }],
      isComplete: false,
    });
    expect(await keyslots.rotationPending()).toBe(true);
    await ref.update({ members });
    const done = await sync.rotateIdentity(options);
    expect([...done.rotated].sort()).toEqual([own.id, annes.budget.id].sort());
    expect(done).toMatchObject({ failed: [], isComplete: true });
    expect(await keyslots.rotationPending()).toBe(false);
  });

  it('takes the passphrase, and keyslots of the same identity', async () => {
    const { sync, keyslots } = await startDevice();
    const wrong = sync.rotateIdentity({ keyslots, passphrase: 'another one that nobody set' });
    expect(await failureOf(wrong)).toBe('wrong_secret');
    expect(await keyslots.rotationPending()).toBe(false);
  });
});

describe('after lock()', () => {
  it('what needs keys says that they are locked, and nothing is lost', async () => {
    const { app: firebase, user } = session;
    const keyslots = await openKeyslots({ firebase, user });
    const identity = await keyslots.unlockOrCreate({ passphrase: PASSPHRASE });
    const contents = new Map<string, Uint8Array>();
    const openStore = (): ReturnType<typeof createMemoryStore> => createMemoryStore(contents);
    const sync = await createSync({ firebase, user, identity, openStore, settings: QUIET });
    closing.push(keyslots, sync);
    const budget = await sync.createBudget<Shapes>();
    await budget.sync.stop();
    await budget.collection('envelopes').put('food', { limit: 1 });
    budget.sync.start();
    keyslots.lock();
    // What could not be sealed is not taken, and the app is told so.
    const late = budget.collection('envelopes').put('rent', { limit: 2 });
    expect(await failureOf(late)).toBe('locked');
    expect(await failureOf(budget.sync.syncNow())).toBe('locked');
    expect(await failureOf(budget.people.rotateKey())).toBe('locked');
    expect(await failureOf(sync.createBudget())).toBe('locked');
    expect(budget.pendingEdits).toBe(1);
    await sync.close();
    expect(await failureOf(sync.createBudget())).toBe('closed');
    expect(await failureOf(sync.openBudget(budget.id))).toBe('closed');
    expect(await failureOf(sync.listBudgets())).toBe('closed');

    const unlocked = await keyslots.unlock({ passphrase: PASSPHRASE });
    const again = await createSync({
      firebase,
      user,
      identity: unlocked,
      openStore,
      settings: QUIET,
    });
    closing.push(again);
    const opened = await again.openBudget<Shapes>(budget.id);
    expect(opened.pendingEdits).toBe(0);
    expect(opened.collection('envelopes').get('food')).toEqual({ limit: 1 });
  });
});
