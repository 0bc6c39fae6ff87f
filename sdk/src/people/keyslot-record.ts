import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Item, encodeCanonical } from '../codec/cbor.js';
import { isCount, readArray } from '../crypto/read-array.js';
import type { StoredKeyslot } from '../ports/keyslot-directory.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import { type Result, err, ok } from '../result.js';

/**
 * What a device remembers of its user's slots, by name: the highest generation, and the
 * sealed slot, empty once it was removed.
 */
export type KeyslotRecord = ReadonlyMap<string, StoredKeyslot>;

const MAX_ATTEMPTS = 5;
const VERSION = 1;

export async function loadKeyslotRecord(
  store: LocalStore,
  uid: string,
): Promise<Result<KeyslotRecord, StoreError>> {
  const found = await store.get(keyOf(uid));
  return found.ok ? decodeRecord(found.value) : found;
}

/** Adds `news` to what is remembered; of two generations of a slot the higher one stays. */
export async function rememberKeyslots(
  store: LocalStore,
  uid: string,
  news: Iterable<StoredKeyslot>,
): Promise<Result<void, StoreError>> {
  const key = keyOf(uid);
  const slots = [...news];
  for (let attempt = 1; ; attempt += 1) {
    const found = await store.get(key);
    if (!found.ok) return found;
    const record = decodeRecord(found.value);
    if (!record.ok) return record;
    const merged = new Map(record.value);
    for (const slot of slots) {
      if (isNews(slot, merged.get(slot.name))) merged.set(slot.name, slot);
    }
    const written = await store.commit({
      expect: new Map([[key, found.value]]),
      put: new Map([[key, encodeRecord(merged)]]),
    });
    if (written.ok || written.error.kind !== 'conflict' || attempt === MAX_ATTEMPTS) return written;
  }
}

/** A removed slot stays removed until one of a higher generation takes its name. */
function isNews(slot: StoredKeyslot, known: StoredKeyslot | undefined): boolean {
  if (!known) return true;
  return (
    slot.generation > known.generation ||
    (slot.generation === known.generation && slot.bytes.length === 0)
  );
}

/** Uids may hold what a store's keys may not. */
const keyOf = (uid: string): string =>
  `keyslots/${bytesToHex(sha256(utf8ToBytes(uid))).slice(0, 32)}`;

function encodeRecord(record: KeyslotRecord): Uint8Array {
  const slots = [...record.values()].map(({ name, generation, bytes }) => [
    name,
    generation,
    bytes,
  ]);
  return encodeCanonical([VERSION, slots]);
}

function decodeRecord(bytes: Uint8Array | undefined): Result<KeyslotRecord, StoreError> {
  if (bytes === undefined) return ok(new Map());
  const items = readArray(bytes, 2, 'what this device remembers of the keyslots');
  const [list] = items.ok ? items.value : [];
  const slots = Array.isArray(list) ? list.map(decodeSlot) : [undefined];
  const whole = slots.filter((slot) => slot !== undefined);
  // Taken for nothing, a damaged record would let an old slot pass.
  if (whole.length < slots.length) {
    return err({
      kind: 'corrupt',
      message: 'What this device remembers of the keyslots is damaged: clear its local store.',
    });
  }
  return ok(new Map(whole.map((slot) => [slot.name, slot])));
}

function decodeSlot(item: Item): StoredKeyslot | undefined {
  if (!Array.isArray(item)) return undefined;
  const fields: readonly Item[] = item;
  const [name, generation, bytes] = fields;
  if (typeof name !== 'string' || !isCount(generation, 1, Number.MAX_SAFE_INTEGER))
    return undefined;
  return bytes instanceof Uint8Array ? { name, generation, bytes } : undefined;
}
