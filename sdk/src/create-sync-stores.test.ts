import { initializeApp } from 'firebase/app';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSync, type Sealsync } from './create-sync.js';
import { generateIdentity, type Identity } from './crypto/identity.js';
import { loadSodium } from './crypto/sodium.js';
import { isSealsyncError } from './errors.js';
import { createMemoryStore } from './local/memory-store.js';
import { sealStore } from './local/sealed-store.js';
import { secureRandom } from './local/secure-random.js';
import { type BudgetId, isBudgetId } from './model/ids.js';
import type { LocalStore } from './ports/local-store.js';
import { err } from './result.js';

beforeAll(loadSodium);

/** What is kept on the device is looked at first: the network is not needed for any of these. */
const firebase = initializeApp({ projectId: 'demo-sealsync', apiKey: 'demo' }, 'stores');
const idOf = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail('that is a budget id');
};
const BUDGET = idOf('a');

const start = (identity: Identity, openStore: (id: BudgetId, uid: string) => LocalStore) =>
  createSync({
    firebase,
    user: { uid: identity.uid, getIdToken: () => Promise.resolve('') },
    identity,
    openStore,
  });

async function failureOf(sync: Sealsync, id: string = BUDGET): Promise<string> {
  try {
    await sync.openBudget(id);
    return 'none';
  } catch (error) {
    return isSealsyncError(error) ? `${error.kind}: ${error.message}` : String(error);
  }
}

/** What a device has kept of a budget, with one edit in its outbox. */
async function leaveContents(identity: Identity): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  const identities = { newest: identity, all: [identity] };
  const owner = { uid: identity.uid, budgetId: BUDGET };
  const options = { owner, identities, random: secureRandom };
  const store = await sealStore(createMemoryStore(contents), options);
  if (!store.ok) expect.fail(store.error.message);
  await store.value.commit({
    put: new Map([
      ['device', new TextEncoder().encode('d'.repeat(32))],
      ['outbox/0000000000000001', new Uint8Array(40)],
    ]),
  });
  return contents;
}

function flip(contents: Map<string, Uint8Array>, name: string): void {
  const bytes = contents.get(name)?.slice() ?? expect.fail('it is there');
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
  contents.set(name, bytes);
}

describe('opening a budget whose local store cannot be used', () => {
  it.each(['header', 'device', 'outbox/0000000000000001'])(
    'says that it is corrupt when %s was altered, and deletes nothing',
    async (name) => {
      const ann = generateIdentity('ann', secureRandom);
      const contents = await leaveContents(ann);
      flip(contents, name);
      // Without the device an outbox is not looked at.
      const before = new Map(contents);
      const sync = await start(ann, () => createMemoryStore(contents));
      expect(await failureOf(sync)).toMatch(/^store_corrupt: .*wipeLocal/);
      expect(contents).toEqual(before);
      await sync.close();
    },
  );

  it("says that it is another user's, another budget's, or sealed for other keys", async () => {
    const ann = generateIdentity('ann', secureRandom);
    const contents = await leaveContents(ann);
    const before = new Map(contents);
    const openStore = (): LocalStore => createMemoryStore(contents);
    const ben = await start(generateIdentity('ben', secureRandom), openStore);
    expect(await failureOf(ben)).toMatch(/^store_foreign: .*wipeLocal/);
    const own = await start(ann, openStore);
    expect(await failureOf(own, idOf('b'))).toMatch(/^store_foreign: /);
    const renewed = await start(generateIdentity('ann', secureRandom), openStore);
    expect(await failureOf(renewed)).toMatch(/^store_foreign: /);
    expect(contents).toEqual(before);
  });

  it('closes what it has opened, and asks the app for the store of this budget and user', async () => {
    const ann = generateIdentity('ann', secureRandom);
    const contents = await leaveContents(ann);
    flip(contents, 'device');
    const seen: string[] = [];
    const sync = await start(ann, (budgetId, uid) => {
      const raw = createMemoryStore(contents);
      seen.push(`${budgetId} ${uid}`);
      return { ...raw, close: () => raw.close().then(() => void seen.push('closed')) };
    });
    expect(await failureOf(sync)).toMatch(/^store_corrupt/);
    expect(seen).toEqual([`${BUDGET} ann`, 'closed']);
  });

  it('says that there is no room', async () => {
    const ann = generateIdentity('ann', secureRandom);
    const message = 'There is no room; free some.';
    const sync = await start(ann, () => ({
      ...createMemoryStore(),
      commit: () => Promise.resolve(err({ kind: 'full' as const, message })),
    }));
    expect(await failureOf(sync)).toBe(`store_full: ${message}`);
  });

  it('says that the keys are locked, and not that the store is damaged', async () => {
    const ann = generateIdentity('ann', secureRandom);
    const contents = await leaveContents(ann);
    const sync = await start(ann, () => createMemoryStore(contents));
    ann.wipe();
    expect(await failureOf(sync)).toMatch(/^locked: /);
  });
});

describe('wipeLocal', () => {
  it('gives up on purpose what cannot be read', async () => {
    const ann = generateIdentity('ann', secureRandom);
    const contents = await leaveContents(ann);
    flip(contents, 'header');
    const sync = await start(ann, () => createMemoryStore(contents));
    expect(await failureOf(sync)).toMatch(/^store_corrupt/);
    await sync.wipeLocal(BUDGET);
    expect(contents.size).toBe(0);
    await expect(sync.wipeLocal('not an id')).rejects.toMatchObject({ kind: 'bad_input' });
    await sync.close();
    await expect(sync.wipeLocal(BUDGET)).rejects.toMatchObject({ kind: 'closed' });
  });

  it('says so when the store cannot even be listed', async () => {
    const ann = generateIdentity('ann', secureRandom);
    const sync = await start(ann, () => ({
      ...createMemoryStore(),
      list: () => Promise.reject(new Error('gone')),
    }));
    await expect(sync.wipeLocal(BUDGET)).rejects.toMatchObject({ kind: 'store_unavailable' });
  });
});
