/** What a browser keeps of a budget: the test looks at it, and alters it. */
import { initializeApp } from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
  signInWithEmailAndPassword,
} from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import {
  createIndexedDbStore,
  createSync,
  isSealsyncError,
  openKeyslots,
  type Budget,
  type Keyslots,
  type LocalStore,
  type Sealsync,
} from '@sealsync/sdk';
import type { LocalStoreFixture } from '@sealsync/sdk/testing';
import { generateIdentity } from '../../../sdk/src/crypto/identity.js';
import { loadSodium } from '../../../sdk/src/crypto/sodium.js';
import { sealStore } from '../../../sdk/src/local/sealed-store.js';
import { secureRandom } from '../../../sdk/src/local/secure-random.js';
import { isBudgetId } from '../../../sdk/src/model/ids.js';
import type { EmulatorHosts } from '../../setup/emulators.js';
import { runContract, type CheckOutcome } from './run-contract.js';

interface Shapes {
  spendings: { payee: string; amount: number };
}
export interface Account {
  readonly email: string;
  readonly passphrase: string;
}
const VALUES = 'values';

class StoresPage {
  #sync: Sealsync | undefined;
  #budget: Budget<Shapes> | undefined;
  #store: LocalStore | undefined;
  #keyslots: Keyslots | undefined;
  isLocked = false;

  runContract(kind: 'raw' | 'sealed'): Promise<CheckOutcome[]> {
    return runContract(kind === 'raw' ? rawFixture : sealedFixture);
  }

  /** Signs in, and unlocks with the passphrase; whoever is new gets an account. Tells the uid. */
  async start(
    hosts: EmulatorHosts,
    { email, passphrase }: Account,
    signalingUrl?: string,
  ): Promise<string> {
    const firebase = initializeApp({ projectId: hosts.projectId, apiKey: 'demo' }, email);
    const auth = initializeAuth(firebase, { persistence: inMemoryPersistence });
    connectAuthEmulator(auth, `http://${hosts.authHost}`, { disableWarnings: true });
    const [host = '', port = ''] = hosts.firestoreHost.split(':');
    connectFirestoreEmulator(getFirestore(firebase), host, Number(port));
    const { user } = await createUserWithEmailAndPassword(auth, email, passphrase).catch(() =>
      signInWithEmailAndPassword(auth, email, passphrase),
    );
    const store = createIndexedDbStore('sealsync-keyslots');
    const keyslots = await openKeyslots({ firebase, user, store });
    const identity = await keyslots.unlockOrCreate({ passphrase });
    keyslots.on('lock', () => (this.isLocked = true));
    this.#keyslots = keyslots;
    const signaling = signalingUrl === undefined ? {} : { signaling: { url: signalingUrl } };
    this.#sync = await createSync({ firebase, user, identity, ...signaling });
    return user.uid;
  }

  async createBudget(): Promise<string> {
    this.#budget = await this.#started.createBudget<Shapes>();
    return this.#budget.id;
  }

  async openBudget(id: string): Promise<void> {
    this.#budget = await this.#started.openBudget<Shapes>(id);
  }

  async put(id: string, record: Shapes['spendings']): Promise<void> {
    await this.#opened.collection('spendings').put(id, record);
  }

  get(id: string): Shapes['spendings'] | undefined {
    return this.#opened.collection('spendings').get(id);
  }

  async increment(id: string, by: number): Promise<void> {
    await this.#opened.collection('spendings').increment(id, 'amount', by);
  }

  /** What this tab shows of its part among the others, and of the log. */
  look(): { role: string; pending: number; seq: number; state: string } {
    const { role, state } = this.#opened.sync.getStatus();
    const { seq } = this.#opened.verifiedState();
    return { role, state, seq, pending: this.#opened.pendingEdits };
  }

  isConnected(): boolean {
    return this.#opened.sync.isRealtimeSyncActive();
  }

  async invite(): Promise<string> {
    const options = { role: 'editor', expiresInMs: 3_600_000 } as const;
    return (await this.#opened.people.createInvite(options)).inviteId;
  }

  countInvites(): number {
    return this.#opened.people.invites().size;
  }

  lock(): void {
    this.#keyslots?.lock();
  }

  async stopSyncing(): Promise<void> {
    await this.#opened.sync.stop();
  }

  async close(): Promise<void> {
    await this.#opened.close();
  }

  async wipe(): Promise<void> {
    await this.#opened.wipe();
  }

  async wipeLocal(id: string): Promise<void> {
    await this.#started.wipeLocal(id);
  }

  async failureOf(run: Promise<unknown>): Promise<string> {
    try {
      await run;
    } catch (error) {
      return isSealsyncError(error) ? error.kind : String(error);
    }
    return 'none';
  }

  /** Of every database of the kit, its name and all keys and values, these in base64. */
  async dump(): Promise<{ name: string; keys: string[]; values: string[] }[]> {
    return Promise.all(
      (await listDatabases()).map(async (name) => {
        const { keys, values } = await readAll(name);
        return { name, keys, values: values.map((value) => toBase64(value)) };
      }),
    );
  }

  /** Changes a bit in the middle of every value but the header, in all stores of budgets. */
  async alterValues(): Promise<void> {
    for (const name of await listDatabases()) {
      if (name === 'sealsync-keyslots') continue;
      const { keys, values } = await readAll(name);
      const database = await openRaw(name);
      const store = database.transaction(VALUES, 'readwrite').objectStore(VALUES);
      for (const [index, key] of keys.entries()) {
        const value = values[index];
        if (!value || key === 'header') continue;
        const middle = value.length >> 1;
        value[middle] = (value[middle] ?? 0) ^ 1;
        await settle(store.put(value, key));
      }
      database.close();
    }
  }

  /** The outcome of reading from a store whose database was made with a later schema. */
  async readNewer(): Promise<string> {
    const name = `newer-${crypto.randomUUID()}`;
    (await openRaw(name, 2)).close();
    const failure = await kindOf(createIndexedDbStore(name).get('a'));
    const kept = (await indexedDB.databases()).find((each) => each.name === name);
    return `${failure}, version ${String(kept?.version)}`;
  }

  /** The same, of a database that is not one of the kit's. */
  async readForeign(): Promise<string> {
    const name = `foreign-${crypto.randomUUID()}`;
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore('something');
    (await settle(request)).close();
    return kindOf(createIndexedDbStore(name).get('a'));
  }

  /** Deletes a database behind a store's back, as another tab may. */
  async deleteUnderStore(): Promise<string[]> {
    const name = `deleted-${crypto.randomUUID()}`;
    const store = createIndexedDbStore(name);
    const before = await kindOf(store.commit({ put: new Map([['a', Uint8Array.of(1)]]) }));
    await settle(indexedDB.deleteDatabase(name));
    const after = await kindOf(store.get('a'));
    const reopened = await kindOf(store.commit({ put: new Map([['a', Uint8Array.of(2)]]) }));
    await store.close();
    return [before, after, reopened];
  }

  async readOnce(): Promise<string> {
    return kindOf(createIndexedDbStore('anything').get('a'));
  }

  /** Writes 1 MB at a time until that fails; what was written before has to be there still. */
  async fill(maxBatches: number): Promise<{ failure: string; isWhole: boolean }> {
    this.#store ??= createIndexedDbStore('filled');
    const store = this.#store;
    for (let batch = 0; batch < maxBatches; batch += 1) {
      const name = `batch/${String(batch).padStart(4, '0')}`;
      const done = await store.commit({
        put: new Map([[name, secureRandom.bytes(1_000_000)]]),
      });
      if (done.ok) continue;
      const listed = await store.list('batch/');
      const isWhole =
        listed.ok &&
        listed.value.size === batch &&
        [...listed.value.values()].every(({ length }) => length === 1_000_000);
      return { failure: done.error.kind, isWhole };
    }
    return { failure: 'none', isWhole: true };
  }

  get #started(): Sealsync {
    if (!this.#sync) throw new Error('The page has not been started.');
    return this.#sync;
  }

  get #opened(): Budget<Shapes> {
    if (!this.#budget) throw new Error('No budget is open.');
    return this.#budget;
  }
}

async function kindOf(
  call: Promise<{ ok: true } | { ok: false; error: { kind: string } }>,
): Promise<string> {
  const result = await call;
  return result.ok ? 'ok' : result.error.kind;
}

function rawFixture(): LocalStoreFixture {
  const name = `contract-${crypto.randomUUID()}`;
  return {
    open: () => createIndexedDbStore(name),
    dispose: async () => {
      await settle(indexedDB.deleteDatabase(name));
    },
  };
}

async function sealedFixture(): Promise<LocalStoreFixture> {
  await loadSodium();
  const { open, dispose } = rawFixture();
  const identity = generateIdentity('ann', secureRandom);
  const identities = { newest: identity, all: [identity] };
  const budgetId = 'a'.repeat(32);
  if (!isBudgetId(budgetId)) throw new Error('that is a budget id');
  const owner = { uid: 'ann', budgetId };
  return {
    open: async () => {
      const sealed = await sealStore(await open(), { owner, identities, random: secureRandom });
      if (!sealed.ok) throw new Error(sealed.error.message);
      return sealed.value;
    },
    ...(dispose && { dispose }),
  };
}

/** Those of the kit; Firebase has others. */
async function listDatabases(): Promise<string[]> {
  const databases = await indexedDB.databases();
  return databases.flatMap(({ name = '' }) => (name.startsWith('sealsync-') ? [name] : []));
}

function openRaw(name: string, version?: number): Promise<IDBDatabase> {
  return settle(indexedDB.open(name, version));
}

async function readAll(name: string): Promise<{ keys: string[]; values: Uint8Array[] }> {
  const database = await openRaw(name);
  const store = database.transaction(VALUES).objectStore(VALUES);
  const keys = (await settle(store.getAllKeys())).map(String);
  const values = (await settle(store.getAll())) as Uint8Array[];
  database.close();
  return { keys, values };
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(new Error(String(request.error)));
    };
  });
}

const toBase64 = (bytes: Uint8Array): string =>
  btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(''));

declare global {
  /** For the tests, which call it in the page. */
  var sealsyncStores: StoresPage;
}
globalThis.sealsyncStores = new StoresPage();
