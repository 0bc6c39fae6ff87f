import { decodeEdit, encodeEdit } from '../codec/edit.js';
import type { Edit } from '../model/edit.js';
import { isDeviceId, type DeviceId } from '../model/ids.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Random } from '../ports/random.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../result.js';

/*
 * Edits that the log does not hold yet, in the order in which they were made. An edit
 * is in the store before its call resolves, and leaves it only when the log holds it.
 * Ops are kept, not frames: they are sealed when pushed, under the epoch and the head
 * of that moment.
 */

const DEVICE_KEY = 'device';
const COUNTER_KEY = 'counter';
const OUTBOX_PREFIX = 'outbox/';
const REJECTED_PREFIX = 'rejected/';

export class Outbox {
  readonly #store: LocalStore;
  readonly #pending: Map<number, Edit>;
  #device: DeviceId;
  #lastCounter: number;

  private constructor(
    store: LocalStore,
    device: DeviceId,
    lastCounter: number,
    pending: Map<number, Edit>,
  ) {
    this.#store = store;
    this.#device = device;
    this.#lastCounter = lastCounter;
    this.#pending = pending;
  }

  /** Reads what an earlier run left, or starts a new device in an empty store. */
  static async open(store: LocalStore, random: Random): Promise<Result<Outbox, OutboxError>> {
    const stored = await store.get(DEVICE_KEY);
    if (!stored.ok) return stored;
    if (!stored.value) return startDevice(store, random);
    const device = readText(stored.value);
    if (!isDeviceId(device)) return corrupt('the device id');
    const counter = await store.get(COUNTER_KEY);
    if (!counter.ok) return counter;
    const entries = await store.list(OUTBOX_PREFIX);
    if (!entries.ok) return entries;
    const pending = new Map<number, Edit>();
    for (const bytes of entries.value.values()) {
      const edit = decodeEdit(bytes);
      if (!edit.ok || edit.value.device !== device) return corrupt('an edit of the outbox');
      pending.set(edit.value.counter, edit.value);
    }
    const lastCounter = counter.value ? Number(readText(counter.value)) : 0;
    if (!Number.isSafeInteger(lastCounter)) return corrupt('the edit counter');
    return ok(new Outbox(store, device, lastCounter, pending));
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

  /** Resolves once the edit would survive a crash. Calls are not made concurrently. */
  async add(make: (device: DeviceId, counter: number) => Edit): Promise<Result<Edit, StoreError>> {
    const counter = this.#lastCounter + 1;
    const edit = make(this.#device, counter);
    const stored = await this.#store.commit({
      expect: new Map([[COUNTER_KEY, counterBytes(this.#lastCounter)]]),
      put: new Map([
        [COUNTER_KEY, text(String(counter))],
        [outboxKey(counter), encodeEdit(edit)],
      ]),
    });
    if (!stored.ok) return stored;
    this.#lastCounter = counter;
    this.#pending.set(counter, edit);
    return ok(edit);
  }

  /** Forgets edits that the log holds. */
  async confirm(counters: readonly number[]): Promise<Result<void, StoreError>> {
    const held = counters.filter((counter) => this.#pending.delete(counter));
    return held.length === 0 ? ok() : this.#store.commit({ remove: held.map(outboxKey) });
  }

  /** Keeps pending edits apart that the log will never take, for the app to show and export. */
  async reject(edits: readonly Edit[]): Promise<Result<void, StoreError>> {
    const put = new Map<string, Uint8Array>();
    for (const edit of edits) put.set(rejectedKey(edit), encodeEdit(edit));
    const moved = await this.#store.commit({
      put,
      remove: edits.map(({ counter }) => outboxKey(counter)),
    });
    if (moved.ok) for (const { counter } of edits) this.#pending.delete(counter);
    return moved;
  }

  async rejected(): Promise<Result<readonly Edit[], OutboxError>> {
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
  async becomeNewDevice(random: Random): Promise<Result<void, StoreError>> {
    const device = newDeviceId(random);
    const renumbered = this.pending().map((edit, index) => ({
      ...edit,
      device,
      counter: index + 1,
    }));
    const put = new Map([
      [DEVICE_KEY, text(device)],
      [COUNTER_KEY, text(String(renumbered.length))],
    ]);
    for (const edit of renumbered) put.set(outboxKey(edit.counter), encodeEdit(edit));
    const stale = [...this.#pending.keys()].filter((counter) => counter > renumbered.length);
    const stored = await this.#store.commit({ put, remove: stale.map(outboxKey) });
    if (!stored.ok) return stored;
    this.#device = device;
    this.#lastCounter = renumbered.length;
    this.#pending.clear();
    for (const edit of renumbered) this.#pending.set(edit.counter, edit);
    return ok();
  }
}

export type OutboxError = StoreError | { readonly kind: 'corrupt'; readonly message: string };

async function startDevice(
  store: LocalStore,
  random: Random,
): Promise<Result<Outbox, OutboxError>> {
  const device = newDeviceId(random);
  const stored = await store.commit({
    expect: new Map([[DEVICE_KEY, undefined]]),
    put: new Map([[DEVICE_KEY, text(device)]]),
  });
  return stored.ok ? Outbox.open(store, random) : stored;
}

function newDeviceId(random: Random): DeviceId {
  const id = bytesToHex(random.bytes(16));
  if (!isDeviceId(id)) throw new Error('16 bytes make a device id');
  return id;
}

/** Names sort as their numbers do. */
const orderedName = (counter: number): string => String(counter).padStart(16, '0');
const rejectedKey = ({ device, counter }: Edit): string =>
  `${REJECTED_PREFIX}${device}/${orderedName(counter)}`;
const outboxKey = (counter: number): string => OUTBOX_PREFIX + orderedName(counter);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const readText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const counterBytes = (counter: number): Uint8Array | undefined =>
  counter === 0 ? undefined : text(String(counter));

const corrupt = (what: string): Result<never, OutboxError> =>
  err({
    kind: 'corrupt',
    message: `${what} in the local store cannot be read; nothing was deleted`,
  });
