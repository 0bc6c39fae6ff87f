import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIdentity, generateIdentity, type Identity } from '../crypto/identity.js';
import { loadSodium } from '../crypto/sodium.js';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Result } from '../result.js';
import { describeLocalStore } from '../testing/local-store-contract.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { createMemoryStore } from './memory-store.js';
import { type SealedStore, sealStore } from './sealed-store.js';

beforeAll(loadSodium);

type Contents = Map<string, Uint8Array>;

const random = createSeededRandom(1);
const idOf = (digit: string): BudgetId => {
  const id = digit.repeat(32);
  return isBudgetId(id) ? id : expect.fail('that is a budget id');
};
const BUDGET = idOf('a');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** From the newest on. */
const identitiesOf = (
  ...all: [Identity, ...Identity[]]
): { newest: Identity; all: readonly Identity[] } => ({ newest: all[0], all });

const seal = (
  raw: LocalStore,
  identities: { newest: Identity; all: readonly Identity[] },
  budgetId = BUDGET,
): Promise<Result<SealedStore, StoreError>> =>
  sealStore(raw, { owner: { uid: identities.newest.uid, budgetId }, identities, random });

async function open(
  contents: Contents,
  identities: { newest: Identity; all: readonly Identity[] },
): Promise<SealedStore> {
  const sealed = await seal(createMemoryStore(contents), identities);
  return sealed.ok ? sealed.value : expect.fail(sealed.error.message);
}

const failureOf = async (call: Promise<Result<unknown, StoreError>>): Promise<string> => {
  const result = await call;
  return result.ok ? 'none' : result.error.kind;
};

describeLocalStore({ describe, it, expect }, 'sealed, over memory', () => {
  const contents: Contents = new Map();
  const identities = identitiesOf(generateIdentity('ann', random));
  return { open: () => open(contents, identities) };
});

describe('a sealed store', () => {
  const ann = (): ReturnType<typeof identitiesOf> => identitiesOf(generateIdentity('ann', random));

  it('shows neither its values, nor the differences between their sizes', async () => {
    const contents: Contents = new Map();
    const store = await open(contents, ann());
    const values = new Map([
      ['a', text('Rent')],
      ['b', text('Groceries for the whole family and its many guests')],
    ]);
    await store.commit({ put: values });
    const [a, b] = ['a', 'b'].map((name) => contents.get(name) ?? new Uint8Array());
    expect(a?.length).toBe(b?.length);
    const all = Buffer.concat([...contents.values()]);
    for (const value of values.values()) expect(all.includes(Buffer.from(value))).toBe(false);
    const large = new Map([['large', new Uint8Array(600_000)]]);
    await store.commit({ put: large });
    expect(contents.get('large')?.length).toBeLessThan(600_000 * 1.04);
  });

  it('seals the same value in other bytes each time', async () => {
    const contents: Contents = new Map();
    const store = await open(contents, ann());
    await store.commit({ put: new Map([['a', text('1')]]) });
    const before = contents.get('a');
    await store.commit({ put: new Map([['a', text('1')]]) });
    expect(contents.get('a')).not.toEqual(before);
  });

  it('opens no value under another name, nor one of another store, and keeps them', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const other: Contents = new Map();
    for (const each of [contents, other]) {
      const store = await open(each, identities);
      await store.commit({
        put: new Map([
          ['a', text('1')],
          ['b', text('2')],
        ]),
      });
    }
    const store = await open(contents, identities);
    for (const moved of [contents.get('b'), other.get('a')]) {
      contents.set('a', moved ?? new Uint8Array());
      expect(await failureOf(store.get('a'))).toBe('corrupt');
      expect(await failureOf(store.list(''))).toBe('corrupt');
      expect(contents.get('a')).toEqual(moved);
    }
  });

  it('calls a value corrupt whichever byte of it is another, and deletes nothing', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const first = await open(contents, identities);
    await first.commit({ put: new Map([['a', text('1')]]) });
    for (const name of ['header', 'a']) {
      const whole = contents.get(name) ?? expect.fail('it is there');
      for (let at = 0; at < whole.length; at += 1) {
        const flipped = whole.slice();
        flipped[at] = (flipped[at] ?? 0) ^ 4;
        contents.set(name, flipped);
        const opened = await seal(createMemoryStore(contents), identities);
        const failure = opened.ok ? await failureOf(opened.value.get('a')) : opened.error.kind;
        expect([name, at, failure]).toEqual([name, at, 'corrupt']);
        expect(contents.get(name)).toEqual(flipped);
      }
      for (const cut of [0, 1, whole.length - 1]) {
        contents.set(name, whole.slice(0, cut));
        const opened = await seal(createMemoryStore(contents), identities);
        expect(opened.ok ? await failureOf(opened.value.get('a')) : opened.error.kind).toBe(
          'corrupt',
        );
      }
      contents.set(name, whole);
    }
    expect(contents.size).toBe(2);
  });

  it('writes nothing over what does not open', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const store = await open(contents, identities);
    await store.commit({ put: new Map([['counter', text('7')]]) });
    const altered = new Uint8Array(300);
    contents.set('counter', altered);
    const batch = { expect: new Map([['counter', undefined]]), put: new Map([['x', text('8')]]) };
    expect(await failureOf(store.commit(batch))).toBe('corrupt');
    expect([...contents.keys()].sort()).toEqual(['counter', 'header']);
  });

  it('is no empty store when its header is gone', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const store = await open(contents, identities);
    await store.commit({ put: new Map([['outbox/1', text('an edit')]]) });
    contents.delete('header');
    expect(await failureOf(seal(createMemoryStore(contents), identities))).toBe('corrupt');
    expect([...contents.keys()]).toEqual(['outbox/1']);
  });

  it("is not opened for another user, another budget, or another's keys", async () => {
    const identities = ann();
    const contents: Contents = new Map();
    await open(contents, identities);
    const before = new Map(contents);
    const ben = identitiesOf(generateIdentity('ben', random));
    const raw = createMemoryStore(contents);
    expect(await failureOf(seal(raw, ben))).toBe('foreign');
    expect(await failureOf(seal(raw, ann()))).toBe('foreign');
    expect(await failureOf(seal(raw, identities, idOf('b')))).toBe('foreign');
    expect(contents).toEqual(before);
  });

  it('leaves alone what a newer version of the app wrote', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    await open(contents, identities);
    const header = contents.get('header') ?? expect.fail('it is there');
    const content = header.slice(0, -8);
    content[8] = 2;
    const longer = Buffer.concat([content, text('something new')]);
    const newer = Buffer.concat([longer, sha256(longer).subarray(0, 8)]);
    contents.set('header', Uint8Array.from(newer));
    expect(await failureOf(seal(createMemoryStore(contents), identities))).toBe('newer');
    expect(contents.get('header')).toEqual(Uint8Array.from(newer));
  });

  it('answers no more once its user has locked, and opens again with the same keys', async () => {
    const seeds = { sign: random.bytes(32), box: random.bytes(32) };
    const identity = createIdentity('ann', seeds);
    const contents: Contents = new Map();
    const store = await open(contents, identitiesOf(identity));
    await store.commit({ put: new Map([['a', text('1')]]) });
    identity.wipe();
    expect(await failureOf(store.get('a'))).toBe('locked');
    expect(await failureOf(store.list(''))).toBe('locked');
    expect(await failureOf(store.commit({ put: new Map([['b', text('2')]]) }))).toBe('locked');
    const raw = createMemoryStore(contents);
    expect(await failureOf(seal(raw, identitiesOf(identity)))).toBe('locked');
    await store.close();
    const again = await open(contents, identitiesOf(createIdentity('ann', seeds)));
    expect(await again.list('')).toEqual({ ok: true, value: new Map([['a', text('1')]]) });
  });

  it('can be wiped although its user has locked', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const store = await open(contents, identities);
    await store.commit({ put: new Map([['a', text('1')]]) });
    identities.newest.wipe();
    expect(await failureOf(store.wipe())).toBe('none');
    expect(contents.size).toBe(0);
  });

  it('takes nothing from a handle that has not noticed that another one wiped it', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const [one, other] = [await open(contents, identities), await open(contents, identities)];
    await one.wipe();
    expect(await failureOf(other.commit({ put: new Map([['a', text('1')]]) }))).toBe('unavailable');
    await open(contents, identities);
    expect(await failureOf(other.commit({ put: new Map([['a', text('1')]]) }))).toBe('unavailable');
    expect([...contents.keys()]).toEqual(['header']);
  });

  it('is one store for handles that open an empty place at once', async () => {
    const identities = ann();
    const contents: Contents = new Map();
    const handles = await Promise.all([1, 2, 3].map(() => open(contents, identities)));
    for (const [index, handle] of handles.entries()) {
      await handle.commit({ put: new Map([[`of/${String(index)}`, text('1')]]) });
    }
    const again = await open(contents, identities);
    const listed = await again.list('of/');
    expect(listed.ok && listed.value.size).toBe(3);
  });
});

describe('a sealed store while its user replaces the identity', () => {
  const [from, to] = [generateLater(), generateLater()];
  function generateLater(): () => Identity {
    let made: Identity | undefined;
    return () => (made ??= generateIdentity('ann', random));
  }

  it('opens for either until the replacing is done, and then for the next one alone', async () => {
    const contents: Contents = new Map();
    const raw = (): LocalStore => createMemoryStore(contents);
    const first = await open(contents, identitiesOf(from()));
    await first.commit({ put: new Map([['outbox/1', text('an edit')]]) });

    await open(contents, identitiesOf(to(), from()));
    // Whoever stops now unlocks the earlier one at the next start.
    await open(contents, identitiesOf(from()));
    expect(await failureOf(seal(raw(), identitiesOf(generateIdentity('ann', random))))).toBe(
      'foreign',
    );

    const last = await open(contents, identitiesOf(to()));
    expect(await last.get('outbox/1')).toEqual({ ok: true, value: text('an edit') });
    expect(await failureOf(seal(raw(), identitiesOf(from())))).toBe('foreign');
  });

  it('is sealed anew on handles that are open, which others notice by themselves', async () => {
    const contents: Contents = new Map();
    const own: { newest: Identity; all: readonly Identity[] } = identitiesOf(from());
    const store = await open(contents, own);
    const other = await open(contents, own);
    const before = contents.get('header');
    own.newest = to();
    own.all = [to(), from()];
    expect(await failureOf(store.reseal())).toBe('none');
    expect(contents.get('header')).not.toEqual(before);
    expect(await failureOf(other.commit({ put: new Map([['a', text('1')]]) }))).toBe('none');
    expect(await failureOf(other.reseal())).toBe('none');
    expect(await store.get('a')).toEqual({ ok: true, value: text('1') });
  });
});
