import type { LocalStore, StoreBatch } from '../ports/local-store.js';

/** The few test functions that the suite needs; those of vitest and jest fit. */
export interface TestFunctions {
  describe(name: string, run: () => void): unknown;
  it(name: string, run: () => Promise<void>): unknown;
  expect(actual: unknown): { toEqual(expected: unknown): unknown };
}

/** One place that stores can be opened on, empty at first. */
export interface LocalStoreFixture {
  /** Opens the place anew, as a restarted app would. */
  open(): Promise<LocalStore> | LocalStore;
  /** Deletes the place, once every store on it was closed. */
  dispose?(): Promise<void> | void;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const put = (entries: Record<string, Uint8Array>): StoreBatch => ({
  put: new Map(Object.entries(entries)),
});

/** What any {@link LocalStore} must do; pass your runner's functions and a maker of fixtures. */
export function describeLocalStore(
  { describe, it, expect }: TestFunctions,
  name: string,
  make: () => Promise<LocalStoreFixture> | LocalStoreFixture,
): void {
  const withStore = (
    run: (store: LocalStore, fixture: LocalStoreFixture) => Promise<void>,
  ): (() => Promise<void>) => {
    return async () => {
      const fixture = await make();
      const store = await fixture.open();
      try {
        await run(store, fixture);
      } finally {
        await store.close();
        await fixture.dispose?.();
      }
    };
  };
  const done = { ok: true, value: undefined };
  const conflict = { ok: false, kind: 'conflict' };
  const outcome = async (
    store: LocalStore,
    batch: StoreBatch,
  ): Promise<{ ok: boolean; kind?: string }> => {
    const result = await store.commit(batch);
    return result.ok ? { ok: true } : { ok: false, kind: result.error.kind };
  };

  describe(`LocalStore: ${name}`, () => {
    it(
      'gives back what was written, and nothing for a key that never was',
      withStore(async (store) => {
        expect(await store.commit(put({ a: bytes(1, 2), empty: bytes() }))).toEqual(done);
        expect(await store.get('a')).toEqual({ ok: true, value: bytes(1, 2) });
        expect(await store.get('empty')).toEqual({ ok: true, value: bytes() });
        expect(await store.get('b')).toEqual(done);
      }),
    );

    it(
      'keeps what was written when the app restarts',
      withStore(async (store, fixture) => {
        await store.commit(put({ 'outbox/1': bytes(7), 'outbox/2': bytes(8) }));
        await store.commit({ remove: ['outbox/2'] });
        await store.close();
        const again = await fixture.open();
        const listed = await again.list('');
        await again.close();
        expect(listed).toEqual({ ok: true, value: new Map([['outbox/1', bytes(7)]]) });
      }),
    );

    it(
      'lists exactly the keys of a prefix, in ascending order',
      withStore(async (store) => {
        const keys = ['b', 'a/10', 'a0', 'a/2', 'a', 'a/', 'a/~z', 'A/1', 'a/1'];
        await store.commit(put(Object.fromEntries(keys.map((key) => [key, bytes(key.length)]))));
        const listed = async (prefix: string): Promise<string[]> => {
          const result = await store.list(prefix);
          return result.ok ? [...result.value.keys()] : [result.error.kind];
        };
        expect(await listed('a/')).toEqual(['a/', 'a/1', 'a/10', 'a/2', 'a/~z']);
        expect(await listed('a/1')).toEqual(['a/1', 'a/10']);
        expect(await listed('c')).toEqual([]);
        expect(await listed('')).toEqual([...keys].sort());
      }),
    );

    it(
      'replaces and removes within one batch; removing what is not there is no failure',
      withStore(async (store) => {
        await store.commit(put({ a: bytes(1), b: bytes(2) }));
        const batch = { put: new Map([['a', bytes(9)]]), remove: ['b', 'never'] };
        expect(await store.commit(batch)).toEqual(done);
        expect(await store.list('')).toEqual({ ok: true, value: new Map([['a', bytes(9)]]) });
      }),
    );

    it(
      'takes keys to remove from an iterator that can be read only once',
      withStore(async (store) => {
        await store.commit(put({ a: bytes(1), b: bytes(2), c: bytes(3) }));
        const once = new Set(['a', 'c']).values();
        await store.commit({ remove: once });
        expect(await store.list('')).toEqual({ ok: true, value: new Map([['b', bytes(2)]]) });
      }),
    );

    it(
      'applies nothing of a batch when one expectation fails',
      withStore(async (store) => {
        await store.commit(put({ a: bytes(1), b: bytes(2) }));
        const refused = (expected: ReadonlyMap<string, Uint8Array | undefined>): StoreBatch => ({
          expect: expected,
          put: new Map([['a', bytes(9)]]),
          remove: ['b'],
        });
        const before = new Map([
          ['a', bytes(1)],
          ['b', bytes(2)],
        ]);
        for (const wrong of [bytes(), bytes(2), bytes(1, 0), undefined]) {
          const batch = refused(new Map([['b', bytes(2)], ['a', wrong]])); // prettier-ignore
          expect(await outcome(store, batch)).toEqual(conflict);
        }
        expect(await outcome(store, refused(new Map([['c', bytes()]])))).toEqual(conflict);
        expect(await store.list('')).toEqual({ ok: true, value: before });
      }),
    );

    it(
      'applies a batch whose expectations hold, absence among them',
      withStore(async (store) => {
        await store.commit(put({ a: bytes(1) }));
        const expected = new Map([['a', bytes(1)], ['b', undefined]]); // prettier-ignore
        const batch = { expect: expected, put: new Map([['b', bytes(2)]]) };
        expect(await outcome(store, batch)).toEqual({ ok: true });
        expect(await outcome(store, batch)).toEqual(conflict);
      }),
    );

    it(
      'lets exactly one of many racing writers win, on two handles of the same place',
      withStore(async (store, fixture) => {
        const other = await fixture.open();
        const claim = (value: number): StoreBatch => ({
          expect: new Map([['counter', undefined]]),
          put: new Map([['counter', bytes(value)]]),
        });
        const outcomes = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            outcome(index % 2 === 0 ? store : other, claim(index)),
          ),
        );
        const winner = outcomes.findIndex((result) => result.ok);
        const value = await store.get('counter');
        await other.close();
        expect(outcomes.filter((result) => result.ok)).toEqual([{ ok: true }]);
        expect(value).toEqual({ ok: true, value: bytes(winner) });
      }),
    );

    it(
      'loses no step of a counter that two handles raise at once',
      withStore(async (store, fixture) => {
        const other = await fixture.open();
        const raise = async (on: LocalStore): Promise<void> => {
          for (;;) {
            const held = await on.get('counter');
            if (!held.ok) throw new Error(held.error.message);
            const next = (held.value?.[0] ?? 0) + 1;
            const raised = await outcome(on, {
              expect: new Map([['counter', held.value]]),
              put: new Map([['counter', bytes(next)]]),
            });
            if (raised.ok) return;
            expect(raised).toEqual(conflict);
          }
        };
        const raiseOften = async (on: LocalStore): Promise<void> => {
          for (let step = 0; step < 10; step += 1) await raise(on);
        };
        await Promise.all([raiseOften(store), raiseOften(other), raiseOften(store)]);
        await other.close();
        expect(await store.get('counter')).toEqual({ ok: true, value: bytes(30) });
      }),
    );

    it(
      'never shows a part of a batch to who reads while others write',
      withStore(async (store, fixture) => {
        const other = await fixture.open();
        const write = (value: number): Promise<unknown> =>
          (value % 2 === 0 ? store : other).commit(
            put({ 'pair/a': bytes(value), 'pair/b': bytes(value) }),
          );
        const writing = Array.from({ length: 20 }, (_, index) => write(index));
        const torn: string[] = [];
        for (let reading = 0; reading < 20; reading += 1) {
          const read = await store.list('pair/');
          const [a, b] = read.ok ? [...read.value.values()] : [bytes(1), bytes(2)];
          if (a?.[0] !== b?.[0]) torn.push(`${String(a)} ${String(b)}`);
        }
        await Promise.all(writing);
        await other.close();
        expect(torn).toEqual([]);
      }),
    );

    it(
      'has done what was begun before it was closed, and all of it',
      withStore(async (store, fixture) => {
        const begun = [0, 1, 2, 3].map((value) =>
          store.commit(put({ [`begun/${String(value)}`]: bytes(value) })),
        );
        await store.close();
        const outcomes = await Promise.all(begun);
        const again = await fixture.open();
        const listed = await again.list('begun/');
        await again.close();
        const kept = listed.ok ? [...listed.value.keys()] : [];
        const done = outcomes.flatMap(({ ok }, value) => (ok ? [`begun/${String(value)}`] : []));
        expect(kept).toEqual(done);
      }),
    );

    it(
      'gives back every byte as it was, whatever the length',
      withStore(async (store) => {
        const values: Record<string, Uint8Array> = {};
        for (const length of [0, 1, 2, 255, 256, 257, 4_096, 65_537]) {
          const name = `length/${String(length).padStart(6, '0')}`;
          values[name] = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255);
        }
        await store.commit(put(values));
        expect(await store.list('length/')).toEqual({
          ok: true,
          value: new Map(Object.entries(values)),
        });
      }),
    );

    it(
      'holds several values of 600 kB in one batch, also once it was opened again',
      withStore(async (store, fixture) => {
        const large = (value: number): Uint8Array => new Uint8Array(600_000).fill(value);
        await store.commit(put({ 'part/1': large(1), 'part/2': large(2) }));
        await store.commit(put({ 'part/2': large(3), 'part/3': large(4) }));
        await store.close();
        const again = await fixture.open();
        const listed = await again.list('part/');
        await again.close();
        const seen = listed.ok ? [...listed.value.values()] : [];
        expect(seen.map((value) => [value.length, new Set(value).size, value[0]])).toEqual(
          [1, 3, 4].map((value) => [600_000, 1, value]),
        );
      }),
    );

    it(
      'holds 5,000 keys, in order',
      withStore(async (store) => {
        const names = Array.from({ length: 5_000 }, (_, n) => `n/${String(n).padStart(16, '0')}`);
        const shuffled = [...names].sort((a, b) => a.slice(-1).localeCompare(b.slice(-1)));
        await store.commit({ put: new Map(shuffled.map((name) => [name, bytes(name.length)])) });
        const listed = await store.list('n/');
        const kept = listed.ok ? [...listed.value.keys()] : [];
        expect(kept.length === names.length && kept.every((name, n) => name === names[n])).toEqual(
          true,
        );
      }),
    );

    it(
      'holds copies: bytes that a caller changes later change nothing stored',
      withStore(async (store) => {
        const mine = bytes(1, 2, 3);
        const writing = store.commit(put({ a: mine }));
        mine.fill(0);
        await writing;
        const read = await store.get('a');
        if (read.ok) read.value?.fill(0);
        const listed = await store.list('a');
        if (listed.ok) for (const value of listed.value.values()) value.fill(0);
        expect(await store.get('a')).toEqual({ ok: true, value: bytes(1, 2, 3) });
      }),
    );

    it(
      'stores only the part that a view shows of a larger buffer',
      withStore(async (store) => {
        await store.commit(put({ a: bytes(0, 1, 2, 3, 4).subarray(1, 3) }));
        expect(await store.get('a')).toEqual({ ok: true, value: bytes(1, 2) });
      }),
    );

    it(
      'holds a value of a megabyte, and a batch of a thousand keys',
      withStore(async (store) => {
        const large = new Uint8Array(1024 * 1024).fill(7);
        const many = Array.from({ length: 1000 }, (_, index) => [
          `many/${String(index).padStart(4, '0')}`,
          bytes(index & 255),
        ]);
        const entries: Record<string, Uint8Array> = Object.fromEntries(many);
        expect(await store.commit(put({ large, ...entries }))).toEqual(done);
        const read = await store.get('large');
        const value = read.ok ? read.value : undefined;
        expect(value?.length === large.length && value.every((byte) => byte === 7)).toEqual(true);
        expect(await store.list('many/')).toEqual({
          ok: true,
          value: new Map(Object.entries(entries)),
        });
      }),
    );

    it(
      'may be closed twice, and then refuses as unavailable instead of looking empty',
      withStore(async (store) => {
        await store.commit(put({ a: bytes(1) }));
        await store.close();
        await store.close();
        const got = await store.get('a');
        const listed = await store.list('');
        const unavailable = { ok: false, kind: 'unavailable' };
        expect(got.ok || got.error.kind).toEqual('unavailable');
        expect(listed.ok || listed.error.kind).toEqual('unavailable');
        expect(await outcome(store, put({ a: bytes(2) }))).toEqual(unavailable);
      }),
    );
  });
}
