import { decodeEdit, encodeEdit } from '../codec/edit.js';
import type { Edit } from '../model/edit.js';
import { isDeviceId, type DeviceId } from '../model/ids.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Random } from '../ports/random.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../result.js';
import { corrupt } from './local-error.js';
import { orderedName } from './local-names.js';

/*
 * Edits that the log does not hold yet, in the order in which they were made. An edit
 * is in the store before its call resolves, and leaves it only in the commit that keeps
 * the entry that holds it.
 * Ops are kept, not frames: they are sealed when pushed, under the epoch and the head
 * of that moment.
 */

const DEVICE_KEY = 'device';
const COUNTER_KEY = 'counter';
const OUTBOX_PREFIX = 'outbox/';
const REJECTED_PREFIX = 'rejected/';

/** How often an edit meets those of other tabs before it is given up. */
const MAX_ATTEMPTS = 16;

interface Stored {
  readonly device: DeviceId;
  readonly lastCounter: number;
  readonly pending: Map<number, Edit>;
}

export class Outbox {
  readonly #store: LocalStore;
  #pending: Map<number, Edit>;
  #device: DeviceId;
  #lastCounter: number;
  /** Counters of edits that the log holds, and the store as well still. */
  #leaving: readonly number[] = [];

  private constructor(store: LocalStore, { device, lastCounter, pending }: Stored) {
    this.#store = store;
    this.#device = device;
    this.#lastCounter = lastCounter;
    this.#pending = pending;
  }

  /** Reads what an earlier run left, or starts a new device in an empty store. */
  static async open(store: LocalStore, random: Random): Promise<Result<Outbox, StoreError>> {
    const stored = await readStored(store);
    if (!stored.ok) return stored;
    return stored.value ? ok(new Outbox(store, stored.value)) : startDevice(store, random);
  }

  /** Takes over what other tabs have changed in the store. */
  async reload(): Promise<Result<void, StoreError>> {
    const stored = await readStored(this.#store);
    if (!stored.ok) return stored;
    if (!stored.value) return corrupt('the device id');
    const { device, lastCounter, pending } = stored.value;
    if (device !== this.#device) this.#leaving = [];
    this.#leaving = this.#leaving.filter((counter) => pending.delete(counter));
    this.#device = device;
    this.#lastCounter = lastCounter;
    this.#pending = pending;
    return ok();
  }

  get device(): DeviceId {
    return this.#device;
  }

  get lastCounter(): number {
    return this.#lastCounter;
  }

  /** In ascending order of counters. */
  pending(): readonly Edit[] {
    return [...this.#pending.values()];
  }

  get size(): number {
    return this.#pending.size;
  }

  get(counter: number): Edit | undefined {
    return this.#pending.get(counter);
  }

  /**
   * Resolves once the edit would survive a crash; `make` is asked again where another tab took
   * the counter. Calls are not made concurrently.
   */
  async add(make: (device: DeviceId, counter: number) => Edit): Promise<Result<Edit, StoreError>> {
    for (let attempt = 1; ; attempt += 1) {
      const counter = this.#lastCounter + 1;
      const edit = make(this.#device, counter);
      const stored = await this.#store.commit({
        expect: new Map([
          [DEVICE_KEY, text(this.#device)],
          [COUNTER_KEY, counterBytes(this.#lastCounter)],
        ]),
        put: new Map([
          [COUNTER_KEY, text(String(counter))],
          [outboxKey(counter), encodeEdit(edit)],
        ]),
      });
      if (stored.ok) {
        this.#lastCounter = counter;
        this.#pending.set(counter, edit);
        return ok(edit);
      }
      if (stored.error.kind !== 'conflict') return stored;
      if (attempt === MAX_ATTEMPTS) return sharedStore();
      const reloaded = await this.reload();
      if (!reloaded.ok) return reloaded;
    }
  }

  /** Edits that the log holds are not pending any more; {@link planForgetting} is to follow. */
  confirm(counters: readonly number[]): void {
    const held = counters.filter((counter) => this.#pending.delete(counter));
    this.#leaving = [...this.#leaving, ...held];
  }

  /** Has the store forget what was confirmed. */
  planForgetting(): OutboxChange {
    const leaving = this.#leaving;
    return {
      expect: new Map(),
      put: new Map(),
      remove: leaving.map(outboxKey),
      apply: () => {
        this.#leaving = this.#leaving.filter((counter) => !leaving.includes(counter));
      },
    };
  }

  /** Keeps pending edits apart that the log will never take, for the app to show and export. */
  async reject(
    edits: readonly Edit[],
    store: LocalStore = this.#store,
  ): Promise<Result<void, StoreError>> {
    const put = new Map<string, Uint8Array>();
    for (const edit of edits) put.set(rejectedKey(edit), encodeEdit(edit));
    const moved = await store.commit({
      put,
      remove: edits.map(({ counter }) => outboxKey(counter)),
    });
    if (moved.ok) for (const { counter } of edits) this.#pending.delete(counter);
    return moved;
  }

  async rejected(): Promise<Result<readonly Edit[], StoreError>> {
    const stored = await this.#store.list(REJECTED_PREFIX);
    if (!stored.ok) return stored;
    const edits: Edit[] = [];
    for (const bytes of stored.value.values()) {
      const edit = decodeEdit(bytes);
      if (!edit.ok) return corrupt('a rejected edit');
      edits.push(edit.value);
    }
    return ok(edits);
  }

  /**
   * Becomes another device, because a copy of this store is in use elsewhere: what is
   * pending is counted anew, so that neither copy's edits pass for the other's.
   */
  planNewDevice(random: Random): OutboxChange {
    const device = newDeviceId(random);
    const renumbered = this.pending().map((edit, index) => ({
      ...edit,
      device,
      counter: index + 1,
    }));
    const put = new Map([[DEVICE_KEY, text(device)]]);
    const counter = counterBytes(renumbered.length);
    if (counter) put.set(COUNTER_KEY, counter);
    for (const edit of renumbered) put.set(outboxKey(edit.counter), encodeEdit(edit));
    const stale = [...this.#pending.keys(), ...this.#leaving].map(outboxKey);
    const remove = stale.filter((key) => !put.has(key));
    if (!counter) remove.push(COUNTER_KEY);
    const apply = (): void => {
      this.#device = device;
      this.#lastCounter = renumbered.length;
      this.#leaving = [];
      this.#pending.clear();
      for (const edit of renumbered) this.#pending.set(edit.counter, edit);
    };
    // An edit of another tab must not be left behind under the old device.
    const expect = new Map([
      [DEVICE_KEY, text(this.#device)],
      [COUNTER_KEY, counterBytes(this.#lastCounter)],
    ]);
    return { expect, put, remove, apply };
  }
}

/** What is to become of the store, in a commit that may do more, and of the outbox after it. */
export interface OutboxChange {
  readonly expect: ReadonlyMap<string, Uint8Array | undefined>;
  readonly put: ReadonlyMap<string, Uint8Array>;
  readonly remove: readonly string[];
  readonly apply: () => void;
}

/** `undefined` where no device was started. */
async function readStored(store: LocalStore): Promise<Result<Stored | undefined, StoreError>> {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await store.get(DEVICE_KEY);
    if (!stored.ok || !stored.value) return stored.ok ? ok(undefined) : stored;
    const device = readText(stored.value);
    if (!isDeviceId(device)) return corrupt('the device id');
    const entries = await store.list(OUTBOX_PREFIX);
    if (!entries.ok) return entries;
    // After the edits: it is not behind any of them then.
    const counter = await store.get(COUNTER_KEY);
    if (!counter.ok) return counter;
    const after = await store.get(DEVICE_KEY);
    if (!after.ok) return after;
    // Another tab became another device in between.
    const isSame = after.value !== undefined && readText(after.value) === device;
    if (!isSame && attempt < MAX_ATTEMPTS) continue;
    return decodeStored(device, counter.value, entries.value);
  }
}

function decodeStored(
  device: DeviceId,
  counter: Uint8Array | undefined,
  entries: ReadonlyMap<string, Uint8Array>,
): Result<Stored, StoreError> {
  const pending = new Map<number, Edit>();
  for (const bytes of entries.values()) {
    const edit = decodeEdit(bytes);
    if (!edit.ok || edit.value.device !== device) return corrupt('an edit of the outbox');
    pending.set(edit.value.counter, edit.value);
  }
  const lastCounter = counter ? Number(readText(counter)) : 0;
  if (!Number.isSafeInteger(lastCounter)) return corrupt('the edit counter');
  return ok({ device, lastCounter, pending });
}
/** Another handle made edits that this one knows nothing of: whatever it numbers would clash. */
const sharedStore = (): Result<never, StoreError> =>
  err({
    kind: 'conflict',
    message: 'The budget is open twice, and the other one wrote: close one, and open it again.',
  });

async function startDevice(store: LocalStore, random: Random): Promise<Result<Outbox, StoreError>> {
  const device = newDeviceId(random);
  const stored = await store.commit({
    expect: new Map([[DEVICE_KEY, undefined]]),
    put: new Map([[DEVICE_KEY, text(device)]]),
  });
  // Another tab may have been faster.
  const isThere = stored.ok || stored.error.kind === 'conflict';
  return isThere ? Outbox.open(store, random) : stored;
}

function newDeviceId(random: Random): DeviceId {
  const id = bytesToHex(random.bytes(16));
  if (!isDeviceId(id)) throw new Error('16 bytes make a device id');
  return id;
}

const rejectedKey = ({ device, counter }: Edit): string =>
  `${REJECTED_PREFIX}${device}/${orderedName(counter)}`;
const outboxKey = (counter: number): string => OUTBOX_PREFIX + orderedName(counter);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const readText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const counterBytes = (counter: number): Uint8Array | undefined =>
  counter === 0 ? undefined : text(String(counter));
