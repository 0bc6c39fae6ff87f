import { equalBytes } from '../bytes.js';
import { type Identity, isWiped } from '../crypto/identity.js';
import type { RandomBytes } from '../crypto/sodium.js';
import { openStoreHeader, sealStoreHeader } from '../crypto/store-header.js';
import { generateStoreKey, type StoreKey, type StoreOwner } from '../crypto/store-key.js';
import type { BudgetStore, LocalStore, StoreBatch, StoreError } from '../ports/local-store.js';
import { err, ok, type Result } from '../result.js';
import { guardStore } from './guard-store.js';
import { OneAtATime } from '../one-at-a-time.js';
import { wipeStore } from './wipe-store.js';

/** The one name whose value is not sealed under the store's key, but holds it. */
const HEADER = 'header';
const MAX_ATTEMPTS = 5;

export interface SealedStoreOptions {
  readonly owner: StoreOwner;
  /** The user's, as they change while an identity is replaced. */
  readonly identities: { readonly newest: Identity; readonly all: readonly Identity[] };
  readonly random: RandomBytes;
}

/**
 * Opens `raw` so that all its values are sealed for the user's identities; an empty one becomes
 * the store of this budget and user. `foreign`, `newer`, `corrupt` for one that holds something
 * else, which is left as it is; `locked` once the newest identity is wiped. Names are not sealed.
 */
export async function sealStore(
  raw: LocalStore,
  options: SealedStoreOptions,
): Promise<Result<SealedStore, StoreError>> {
  const guarded = guardStore(raw);
  if (isWiped(options.identities.newest)) return locked();
  for (let attempt = 1; ; attempt += 1) {
    const opened = await openHeader(guarded, options);
    if (opened.ok) {
      const store = new SealedStore(guarded, options, opened.value);
      const resealed = await store.reseal();
      if (resealed.ok) return ok(store);
      opened.value.storeKey.wipe();
      return resealed;
    }
    // Another handle was faster in making it.
    if (opened.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) return opened;
  }
}

interface Header {
  readonly bytes: Uint8Array;
  readonly storeKey: StoreKey;
}

/** A {@link BudgetStore} over another store; use {@link sealStore}. */
export class SealedStore implements BudgetStore {
  readonly #raw: LocalStore;
  readonly #options: SealedStoreOptions;
  readonly #storeKey: StoreKey;
  readonly #commits = new OneAtATime();
  #header: Uint8Array;
  #isClosed = false;

  constructor(raw: LocalStore, options: SealedStoreOptions, { bytes, storeKey }: Header) {
    this.#raw = raw;
    this.#options = options;
    this.#storeKey = storeKey;
    this.#header = bytes;
  }

  async get(name: string): Promise<Result<Uint8Array | undefined, StoreError>> {
    requireName(name);
    const refused = this.#refusal();
    if (refused) return refused;
    const read = await this.#raw.get(name);
    if (!read.ok || read.value === undefined) return read;
    return this.#open(name, read.value);
  }

  async list(prefix: string): Promise<Result<ReadonlyMap<string, Uint8Array>, StoreError>> {
    const refused = this.#refusal();
    if (refused) return refused;
    const read = await this.#raw.list(prefix);
    if (!read.ok) return read;
    const values = new Map<string, Uint8Array>();
    for (const [name, sealed] of read.value) {
      if (name === HEADER) continue;
      const opened = this.#open(name, sealed);
      if (!opened.ok) return opened;
      values.set(name, opened.value);
    }
    return ok(values);
  }

  /** Whatever the caller does with its bytes afterwards, what counts is what they hold now. */
  async commit(batch: StoreBatch): Promise<Result<void, StoreError>> {
    const refused = this.#refusal();
    if (refused) return refused;
    const expect = [...(batch.expect ?? [])].map(([name, value]) => {
      requireName(name);
      return [name, value?.slice()] as const;
    });
    const put = new Map<string, Uint8Array>();
    for (const [name, value] of batch.put ?? []) {
      requireName(name);
      put.set(name, this.#storeKey.seal(name, value, this.#options.random));
    }
    const remove = [...(batch.remove ?? [])];
    remove.forEach(requireName);
    return this.#commits.run(() => this.#commit(expect, { put, remove }));
  }

  /** Has the header open for all of the user's identities of now, and for no others. */
  async reseal(): Promise<Result<void, StoreError>> {
    const refused = this.#refusal();
    if (refused) return refused;
    return this.#commits.run(() => this.#reseal());
  }

  async wipe(): Promise<Result<void, StoreError>> {
    if (this.#isClosed) return closed();
    return this.#commits.run(() => wipeStore(this.#raw));
  }

  /** Lets commits that were begun end, and wipes the key. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#commits.run(() => Promise.resolve());
    this.#storeKey.wipe();
    await this.#raw.close();
  }

  async #commit(
    expect: readonly (readonly [string, Uint8Array | undefined])[],
    sealed: Pick<StoreBatch, 'put' | 'remove'>,
  ): Promise<Result<void, StoreError>> {
    for (let attempt = 1; ; attempt += 1) {
      // A store that was wiped meanwhile must not get values that nobody can open.
      const expectSealed = new Map<string, Uint8Array | undefined>([[HEADER, this.#header]]);
      for (const [name, expected] of expect) {
        const held = await this.#raw.get(name);
        if (!held.ok) return held;
        const opened = held.value && this.#open(name, held.value);
        if (opened && !opened.ok) return opened;
        if (!isSame(opened?.value, expected)) return conflict(name);
        expectSealed.set(name, held.value);
      }
      const done = await this.#raw.commit({ expect: expectSealed, ...sealed });
      if (done.ok || done.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) return done;
      const header = await this.#rereadHeader();
      if (!header.ok) return header;
    }
  }

  async #reseal(): Promise<Result<void, StoreError>> {
    const { owner, identities, random } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      if (isWiped(identities.newest)) return locked();
      const own = unwiped(this.#options);
      const opened = openStoreHeader({ bytes: this.#header, owner, identities: own });
      if (!opened.ok) return headerError(opened.error.kind);
      opened.value.storeKey.wipe();
      if (opened.value.isCurrent) return ok();
      const bytes = sealStoreHeader({ owner, identities: own, storeKey: this.#storeKey, random });
      const done = await this.#raw.commit({
        expect: new Map([[HEADER, this.#header]]),
        put: new Map([[HEADER, bytes]]),
      });
      if (done.ok) this.#header = bytes;
      if (done.ok || done.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) return done;
      const header = await this.#rereadHeader();
      if (!header.ok) return header;
    }
  }

  /** Another handle may have sealed the header anew, or wiped the store. */
  async #rereadHeader(): Promise<Result<void, StoreError>> {
    const held = await this.#raw.get(HEADER);
    if (!held.ok) return held;
    const bytes = held.value;
    if (bytes === undefined) return wiped();
    if (equalBytes(bytes, this.#header)) return ok();
    if (isWiped(this.#options.identities.newest)) return locked();
    const { owner } = this.#options;
    const opened = openStoreHeader({ bytes, owner, identities: unwiped(this.#options) });
    if (!opened.ok) return headerError(opened.error.kind);
    const isSameKey = opened.value.storeKey.equals(this.#storeKey);
    opened.value.storeKey.wipe();
    if (!isSameKey) return wiped();
    this.#header = bytes;
    return ok();
  }

  #open(name: string, sealed: Uint8Array): Result<Uint8Array, StoreError> {
    const opened = this.#storeKey.open(name, sealed);
    return opened ? ok(opened) : corrupt(`The value ${name} of the local store does not open`);
  }

  /** Who locks wipes identities, not what was opened by them. */
  #refusal(): Result<never, StoreError> | undefined {
    if (this.#isClosed) return closed();
    return isWiped(this.#options.identities.newest) ? locked() : undefined;
  }
}

/** From the newest on, without those that were replaced and wiped. */
const unwiped = ({ identities }: SealedStoreOptions): readonly Identity[] =>
  identities.all.filter((identity) => !isWiped(identity));

/** Of a store that is empty, it makes one. */
async function openHeader(
  raw: LocalStore,
  options: SealedStoreOptions,
): Promise<Result<Header, StoreError>> {
  const { owner, random } = options;
  const held = await raw.get(HEADER);
  if (!held.ok) return held;
  if (held.value) {
    const bytes = held.value;
    if (isWiped(options.identities.newest)) return locked();
    const opened = openStoreHeader({ bytes, owner, identities: unwiped(options) });
    if (!opened.ok) return headerError(opened.error.kind);
    return ok({ bytes, storeKey: opened.value.storeKey });
  }
  const others = await raw.list('');
  if (!others.ok) return others;
  if (others.value.has(HEADER)) return conflict(HEADER);
  if (others.value.size > 0) return corrupt('The local store has lost its header');
  if (isWiped(options.identities.newest)) return locked();
  const storeKey = generateStoreKey(random, owner);
  const bytes = sealStoreHeader({ owner, identities: unwiped(options), storeKey, random });
  const made = await raw.commit({
    expect: new Map([[HEADER, undefined]]),
    put: new Map([[HEADER, bytes]]),
  });
  if (made.ok) return ok({ bytes, storeKey });
  storeKey.wipe();
  return made;
}

function requireName(name: string): void {
  if (name === HEADER) throw new RangeError('The header of a store is not a value of it.');
}

const isSame = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one === undefined || other === undefined ? one === other : equalBytes(one, other);

const GIVE_UP = 'nothing was deleted; wipeLocal() of its budget gives it up';

function headerError(kind: 'foreign' | 'newer' | 'corrupt'): Result<never, StoreError> {
  switch (kind) {
    case 'foreign':
      return err({
        kind,
        message: `The local store is of another user or budget, or of keys that were replaced since: open it with those; ${GIVE_UP}.`,
      });
    case 'newer':
      return err({
        kind,
        message: 'A newer version of the app wrote the local store: update the app.',
      });
    case 'corrupt':
      return corrupt('The header of the local store does not open');
  }
}

const corrupt = (what: string): Result<never, StoreError> =>
  err({ kind: 'corrupt', message: `${what}: it was damaged or altered; ${GIVE_UP}.` });

const conflict = (name: string): Result<never, StoreError> =>
  err({ kind: 'conflict', message: `Somebody else wrote ${name}; read it again.` });

const wiped = (): Result<never, StoreError> =>
  err({ kind: 'unavailable', message: 'The local store was wiped meanwhile; open it again.' });

const locked = (): Result<never, StoreError> =>
  err({ kind: 'locked', message: 'The keys are locked: unlock the identity, and open it again.' });

const closed = (): Result<never, StoreError> =>
  err({ kind: 'unavailable', message: 'The store was closed; open it again.' });
