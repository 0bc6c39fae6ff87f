import {
  Bytes,
  collection,
  deleteDoc,
  doc,
  getDoc,
  getDocs,
  setDoc,
  type DocumentData,
} from 'firebase/firestore';
import {
  createMemoryStore,
  createOperationCounter,
  createSync,
  isSealsyncError,
  openKeyslots,
  type KeyslotEvent,
  type Keyslots,
  type OperationCounter,
} from '@sealsync/sdk';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import { decode, encode } from 'cborg';
import { deleteApp, initializeApp } from 'firebase/app';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFailingFirestore } from '../log/failing-firestore.js';
import { signInPerson, type SignedInPerson } from '../log/signed-in-person.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { readEmulatorHosts } from '../setup/emulators.js';

const OLD = 'tractor rides past nine lamps';
const NEW = 'quiet harbour sells green violins';

let rules: RulesEnvironment;
let ann: SignedInPerson;
const people: SignedInPerson[] = [];

beforeAll(async () => {
  rules = await openRulesEnvironment();
});
beforeEach(async () => {
  ann = await signInPerson();
  people.push(ann);
});
afterAll(async () => {
  await Promise.all(people.map((person) => person.close()));
  await rules.close();
});

interface Device {
  readonly keyslots: Keyslots;
  readonly count: OperationCounter;
  readonly events: KeyslotEvent[];
}

/** A device of Ann's, with what was kept on it. */
async function openDevice(contents = new Map<string, Uint8Array>()): Promise<Device> {
  const count = createOperationCounter();
  const store = createMemoryStore(contents);
  const keyslots = await openKeyslots({ firebase: ann.app, user: ann.user, store, count });
  const events: KeyslotEvent[] = [];
  keyslots.on('security', (event) => events.push(event));
  return { keyslots, count, events };
}

/** A device of Ann's, with what was kept on it, whose every request fails. */
async function openOffline(contents: Map<string, Uint8Array>): Promise<Device> {
  const failing = await openFailingFirestore((request) => request.socket.destroy());
  await failing.close();
  const app = initializeApp({ projectId: readEmulatorHosts().projectId }, randomUUID());
  connectFirestoreEmulator(getFirestore(app), failing.address.host, failing.address.port);
  people.push({ ...ann, app, close: () => deleteApp(app) });
  const count = createOperationCounter();
  const store = createMemoryStore(contents);
  const keyslots = await openKeyslots({ firebase: app, user: ann.user, store, count });
  return { keyslots, count, events: [] };
}

async function failureOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    return isSealsyncError(error) ? error.kind : String(error);
  }
  return 'none';
}

/** What the project's own administrators find, and put in its place. */
async function readStored(name: string): Promise<DocumentData> {
  let data: DocumentData | undefined;
  await rules.bypassRules(async (firestore) => {
    data = (await getDoc(doc(firestore, 'users', ann.uid, 'keyslots', name))).data();
  });
  return data ?? expect.fail(`no slot ${name}`);
}
const plant = (name: string, data: DocumentData): Promise<void> =>
  rules.bypassRules((firestore) =>
    setDoc(doc(firestore, 'users', ann.uid, 'keyslots', name), data),
  );

async function storedNames(): Promise<readonly string[]> {
  let names: readonly string[] = [];
  await rules.bypassRules(async (firestore) => {
    const { docs } = await getDocs(collection(firestore, 'users', ann.uid, 'keyslots'));
    names = docs.map(({ id }) => id);
  });
  return names;
}

const copyOf = (contents: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> =>
  new Map([...contents].map(([key, bytes]) => [key, Uint8Array.from(bytes)]));

describe('an identity under keyslots in Firestore', () => {
  it('is made once, and opened on a second device by the passphrase alone', async () => {
    const first = await openDevice();
    const made = await first.keyslots.unlockOrCreate({ passphrase: OLD });
    expect(first.count).toEqual({ reads: 2, writes: 1, deletes: 0, rulesReads: 0 });
    const second = await openDevice();
    expect(await failureOf(second.keyslots.unlock({ passphrase: NEW }))).toBe('wrong_secret');
    const found = await second.keyslots.unlockOrCreate({ passphrase: OLD });
    expect(found.publicKeys).toEqual(made.publicKeys);
    expect(second.count).toEqual({ reads: 2, writes: 0, deletes: 0, rulesReads: 0 });
  });

  it('is opened by its recovery phrase, and its last slot stays', async () => {
    const { keyslots } = await openDevice();
    const made = await keyslots.create({ passphrase: OLD });
    expect(await failureOf(keyslots.removeSlot('passphrase'))).toBe('last_slot');
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    await keyslots.removeSlot('passphrase');
    const second = (await openDevice()).keyslots;
    expect((await second.unlock({ recoveryPhrase })).publicKeys).toEqual(made.publicKeys);
    expect(await second.list()).toEqual([{ name: 'recovery', kind: 'recovery' }]);
    expect(await failureOf(second.removeSlot('recovery'))).toBe('last_slot');
  });

  it('keeps a slot when two devices remove one each', async () => {
    const one = (await openDevice()).keyslots;
    await one.create({ passphrase: OLD });
    await one.addRecoveryPhrase();
    const two = (await openDevice()).keyslots;
    await two.unlock({ passphrase: OLD });
    const failures = await Promise.all([
      failureOf(one.removeSlot('passphrase')),
      failureOf(two.removeSlot('recovery')),
    ]);
    expect(failures).not.toEqual(['none', 'none']);
    // Firestore may turn both away when they meet; each refusal has to leave its slot.
    const refused = failures.filter((failure) => failure !== 'none');
    expect(await one.list()).toHaveLength(refused.length);
  });

  it('is made once by two devices that start together', async () => {
    const [one, two] = [await openDevice(), await openDevice()];
    const [first, second] = await Promise.all([
      one.keyslots.unlockOrCreate({ passphrase: OLD }),
      two.keyslots.unlockOrCreate({ passphrase: OLD }),
    ]);
    expect(second.publicKeys).toEqual(first.publicKeys);
  });

  it('changes its passphrase by one document, whatever its budgets hold', async () => {
    const { keyslots, count } = await openDevice();
    const identity = await keyslots.create({ passphrase: OLD });
    const budgetCount = createOperationCounter();
    const sync = await createSync({
      firebase: ann.app,
      user: ann.user,
      identity,
      count: budgetCount,
    });
    const budget = await sync.createBudget<{ envelopes: { limit: number } }>();
    await budget.collection('envelopes').put('food', { limit: 1 });
    await budget.sync.syncNow();
    const [before, budgetBefore] = [{ ...count }, { ...budgetCount }];
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    expect(count).toEqual({ ...before, reads: before.reads + 1, writes: before.writes + 1 });
    expect(budgetCount).toEqual(budgetBefore);
    await budget.collection('envelopes').put('food', { limit: 2 });
    await budget.sync.syncNow();
    await sync.close();
    expect(await failureOf((await openDevice()).keyslots.unlock({ passphrase: OLD }))).toBe(
      'wrong_secret',
    );
    const found = await (await openDevice()).keyslots.unlock({ passphrase: NEW });
    expect(found.publicKeys).toEqual(identity.publicKeys);
  });

  it('keeps the old passphrase when the new one does not reach Firestore', async () => {
    const contents = new Map<string, Uint8Array>();
    const made = await (await openDevice(contents)).keyslots.create({ passphrase: OLD });
    const offline = (await openOffline(contents)).keyslots;
    const change = offline.changePassphrase({ from: OLD, to: NEW });
    expect(await failureOf(change)).toBe('offline');
    const found = await (await openDevice()).keyslots.unlock({ passphrase: OLD });
    expect(found.publicKeys).toEqual(made.publicKeys);
  });

  it('is opened offline where it was opened before, and is not made anew elsewhere', async () => {
    const contents = new Map<string, Uint8Array>();
    await (await openDevice()).keyslots.create({ passphrase: OLD });
    const made = await (await openDevice(contents)).keyslots.unlock({ passphrase: OLD });
    const offline = (await openOffline(contents)).keyslots;
    expect(await failureOf(offline.unlock({ passphrase: NEW }))).toBe('wrong_secret');
    expect((await offline.unlockOrCreate({ passphrase: OLD })).publicKeys).toEqual(made.publicKeys);
    const elsewhere = (await openOffline(new Map())).keyslots;
    expect(await failureOf(elsewhere.unlockOrCreate({ passphrase: NEW }))).toBe('offline');
  });

  it("is not to be had from another user's slots", async () => {
    await (await openDevice()).keyslots.create({ passphrase: OLD });
    const eve = await signInPerson();
    people.push(eve);
    const spying = await openKeyslots({ firebase: eve.app, user: { uid: ann.uid } });
    expect(await failureOf(spying.unlock({ passphrase: OLD }))).toBe('access_denied');
    expect(await failureOf(spying.unlockOrCreate({ passphrase: OLD }))).toBe('access_denied');
  });
});

describe('an identity that may have leaked', () => {
  it('is replaced under the same passphrase, and every other slot is gone', async () => {
    const one = await openDevice();
    const before = await one.keyslots.create({ passphrase: OLD });
    const recoveryPhrase = await one.keyslots.addRecoveryPhrase();
    const { to, identityVersion } = await one.keyslots.prepareRotation({ passphrase: OLD });
    expect(identityVersion).toBe(2);
    const two = await openDevice();
    expect((await two.keyslots.unlock({ recoveryPhrase })).publicKeys).toEqual(before.publicKeys);
    expect(await two.keyslots.rotationPending()).toBe(true);
    await two.keyslots.completeRotation({ passphrase: OLD });
    expect(await storedNames()).toEqual(['passphrase']);
    const found = await (await openDevice()).keyslots.unlock({ passphrase: OLD });
    expect(found.publicKeys).toEqual(to.publicKeys);
    expect(await failureOf(one.keyslots.addRecoveryPhrase())).toBe('keyslots_changed');
  });
});

/** Played as whoever runs the project, past the rules. */
describe('a project that', () => {
  it('puts an old slot back after a change of passphrase is noticed, and changes nothing', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = await openDevice(contents);
    const identity = await keyslots.create({ passphrase: OLD });
    const old = await readStored('passphrase');
    await keyslots.changePassphrase({ from: OLD, to: NEW });
    await plant('passphrase', old);
    const kept = copyOf(contents);
    const again = await openDevice(contents);
    expect(await failureOf(again.keyslots.unlock({ passphrase: OLD }))).toBe('wrong_secret');
    expect(again.events).toEqual([
      {
        kind: 'keyslot_rolled_back',
        slot: 'passphrase',
        message: expect.stringContaining('not used') as string,
      },
    ]);
    expect(again.count.writes).toBe(0);
    expect(contents).toEqual(kept);
    const found = await again.keyslots.unlock({ passphrase: NEW });
    expect(found.publicKeys).toEqual(identity.publicKeys);
    expect(contents).toEqual(kept);
    expect(await readStored('passphrase')).toEqual(old);
    // A device that has never seen the newer slot cannot know.
    const fresh = await openDevice();
    expect(await failureOf(fresh.keyslots.unlock({ passphrase: OLD }))).toBe('none');
    expect(fresh.events).toEqual([]);
  });

  it('puts a removed slot back is noticed, and the slot opens nothing', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = await openDevice(contents);
    await keyslots.create({ passphrase: OLD });
    const recoveryPhrase = await keyslots.addRecoveryPhrase();
    const old = await readStored('recovery');
    await keyslots.removeSlot('recovery');
    await plant('recovery', old);
    const kept = copyOf(contents);
    const again = await openDevice(contents);
    expect(await failureOf(again.keyslots.unlock({ recoveryPhrase }))).toBe('wrong_secret');
    expect(again.events).toMatchObject([{ kind: 'keyslot_rolled_back', slot: 'recovery' }]);
    expect(contents).toEqual(kept);
  });

  it('weakens the parameters of Argon2id gets no cheaper guess, on any device', async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = await openDevice(contents);
    const identity = await keyslots.create({ passphrase: OLD });
    const data = await readStored('passphrase');
    const items = decode((data['slot'] as Bytes).toUint8Array()) as unknown[];
    const [salt] = items[4] as unknown[];
    for (const parameters of [
      [salt, 8, 3, 1],
      [salt, 65_536, 1, 1],
      [salt, 65_536, 3, 0],
    ]) {
      const weak = Uint8Array.from(encode(Object.assign([...items], { 4: parameters })));
      await plant('passphrase', { ...data, slot: Bytes.fromUint8Array(weak) });
      const fresh = await openDevice();
      expect(await failureOf(fresh.keyslots.unlock({ passphrase: OLD }))).toBe('weak_parameters');
      expect(fresh.events).toEqual([
        {
          kind: 'keyslot_weakened',
          slot: 'passphrase',
          message: expect.stringContaining('set this one again') as string,
        },
      ]);
      expect(await failureOf(fresh.keyslots.unlockOrCreate({ passphrase: OLD }))).toBe(
        'weak_parameters',
      );
      expect(fresh.count.writes).toBe(0);
    }
    // Who has seen the true slot refuses this one for its generation, and opens that.
    const kept = copyOf(contents);
    const again = await openDevice(contents);
    const found = await again.keyslots.unlock({ passphrase: OLD });
    expect(found.publicKeys).toEqual(identity.publicKeys);
    expect(again.events).toMatchObject([{ kind: 'keyslot_rolled_back', slot: 'passphrase' }]);
    expect(contents).toEqual(kept);
  });

  it("puts its own slot in the place of the user's gets no identity of its own used", async () => {
    const contents = new Map<string, Uint8Array>();
    const { keyslots } = await openDevice(contents);
    const identity = await keyslots.create({ passphrase: OLD });
    const theirs = await readStored('passphrase');
    const former = ann;
    ann = await signInPerson();
    people.push(ann);
    await (await openDevice()).keyslots.create({ passphrase: OLD });
    const swapped = await readStored('passphrase');
    ann = former;
    await plant('passphrase', { ...swapped, generation: Number(theirs['generation']) + 1 });
    expect(await failureOf((await openDevice()).keyslots.unlock({ passphrase: OLD }))).toBe(
      'wrong_secret',
    );
    await plant('passphrase', theirs);
    const found = await (await openDevice(contents)).keyslots.unlock({ passphrase: OLD });
    expect(found.publicKeys).toEqual(identity.publicKeys);
  });

  it('deletes all slots is noticed, and no second identity is made', async () => {
    const contents = new Map<string, Uint8Array>();
    const identity = await (await openDevice(contents)).keyslots.create({ passphrase: OLD });
    await rules.bypassRules((firestore) =>
      deleteDoc(doc(firestore, 'users', ann.uid, 'keyslots', 'passphrase')),
    );
    const again = await openDevice(contents);
    const found = await again.keyslots.unlockOrCreate({ passphrase: OLD });
    expect(found.publicKeys).toEqual(identity.publicKeys);
    expect(again.events).toMatchObject([{ kind: 'keyslots_missing' }]);
    expect(again.count.writes).toBe(0);
    expect(await storedNames()).toEqual([]);
  });
});
