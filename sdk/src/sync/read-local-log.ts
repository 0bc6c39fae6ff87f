import { concatBytes } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import type { Checkpoint } from './checkpoint.js';
import { decodeCheckpoint } from './checkpoint-codec.js';
import { decodeCheckpointHead, type CheckpointHead } from './checkpoint-head.js';
import { decodeLocalEntry, type LocalEntry } from './local-entry.js';
import { corrupt, unreadable } from './local-error.js';
import { CHECKPOINT_HEAD, chunkPrefix, ENTRY_PREFIX, entryName } from './local-names.js';

/*
 * Reading what a device has confirmed, for the process that writes it and for any other one
 * that has the same store open.
 */

export interface StoredCheckpoint {
  readonly head: CheckpointHead;
  /** The bytes that `head` was read from: a writer replaces only what it has seen. */
  readonly headBytes: Uint8Array;
  readonly checkpoint: Checkpoint;
  /** How many bytes it takes. */
  readonly size: number;
}

/** What a device wrote itself may be large, and must still not exhaust it when damaged. */
const MAX_CHECKPOINT_BYTES = 1_073_741_824;
/** So many entries are read one by one before all of them are. */
const FEW_ENTRIES = 8;
/** How often a reader meets a checkpoint that is being replaced before it counts as damaged. */
const MAX_ATTEMPTS = 4;

/** `undefined` before the first. */
export async function readCheckpoint(
  store: LocalStore,
): Promise<Result<StoredCheckpoint | undefined, StoreError>> {
  let last: Result<never, StoreError> = corrupt('the checkpoint');
  let tried: Uint8Array | undefined;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const headBytes = await store.get(CHECKPOINT_HEAD);
    if (!headBytes.ok || !headBytes.value) return headBytes.ok ? ok(undefined) : headBytes;
    if (tried && equalBytes(tried, headBytes.value)) return last;
    tried = headBytes.value;
    const read = await readChunks(store, headBytes.value);
    if (read.ok || read.error.kind !== 'corrupt') return read;
    // Its writer may have replaced it between the two reads: then there is another head now.
    last = read;
  }
  return last;
}

async function readChunks(
  store: LocalStore,
  headBytes: Uint8Array,
): Promise<Result<StoredCheckpoint, StoreError>> {
  const head = decodeCheckpointHead(headBytes);
  if (!head.ok) return unreadable(head.error, 'the checkpoint');
  const chunks = await store.list(chunkPrefix(head.value.seq));
  if (!chunks.ok) return chunks;
  const bytes = concatBytes(...chunks.value.values());
  if (chunks.value.size !== head.value.chunks || !equalBytes(sha256(bytes), head.value.hash)) {
    return corrupt('the checkpoint');
  }
  const checkpoint = decodeCheckpoint(bytes, MAX_CHECKPOINT_BYTES);
  if (!checkpoint.ok) return unreadable(checkpoint.error, 'the checkpoint');
  if (checkpoint.value.position.seq !== head.value.seq) return corrupt('the checkpoint');
  return ok({ head: head.value, headBytes, checkpoint: checkpoint.value, size: bytes.length });
}

export interface WholeLog {
  readonly stored: StoredCheckpoint | undefined;
  readonly entries: readonly LocalEntry[];
}

/** The checkpoint and the entries that go with it, also while another tab writes. */
export async function readWholeLog(store: LocalStore): Promise<Result<WholeLog, StoreError>> {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await readCheckpoint(store);
    if (!stored.ok) return stored;
    const entries = await readAllEntries(store);
    if (!entries.ok) return entries;
    const head = await store.get(CHECKPOINT_HEAD);
    if (!head.ok) return head;
    const before = stored.value?.headBytes;
    const isSame = before && head.value ? equalBytes(before, head.value) : before === head.value;
    const whole = { stored: stored.value, entries: entries.value };
    if (isSame || attempt === MAX_ATTEMPTS) return ok(whole);
  }
}

/** All entries that are kept, in order: those behind the checkpoint, and a few in front of it. */
async function readAllEntries(
  store: LocalStore,
): Promise<Result<readonly LocalEntry[], StoreError>> {
  const listed = await store.list(ENTRY_PREFIX);
  if (!listed.ok) return listed;
  const entries: LocalEntry[] = [];
  for (const [name, bytes] of listed.value) {
    const seq = Number(name.slice(ENTRY_PREFIX.length));
    if (!Number.isSafeInteger(seq) || entryName(seq) !== name) return corrupt('an entry');
    const entry = decodeLocalEntry(bytes, seq);
    if (!entry.ok) return unreadable(entry.error, 'an entry');
    entries.push(entry.value);
  }
  return ok(entries);
}

/**
 * The entries right behind `seq` without a gap, none where nothing is new. `undefined` where
 * a checkpoint has taken their place: read that, and go on behind it.
 */
export async function readEntriesAfter(
  store: LocalStore,
  seq: number,
): Promise<Result<readonly LocalEntry[] | undefined, StoreError>> {
  const entries: LocalEntry[] = [];
  for (let next = seq + 1; next <= seq + FEW_ENTRIES; next += 1) {
    const bytes = await store.get(entryName(next));
    if (!bytes.ok) return bytes;
    if (!bytes.value) return entries.length > 0 ? ok(entries) : findReplaced(store, seq);
    const entry = decodeLocalEntry(bytes.value, next);
    if (!entry.ok) return unreadable(entry.error, 'an entry');
    entries.push(entry.value);
  }
  const all = await readAllEntries(store);
  return all.ok ? ok([...entries, ...runAfter(all.value, seq + FEW_ENTRIES)]) : all;
}

async function findReplaced(
  store: LocalStore,
  seq: number,
): Promise<Result<readonly LocalEntry[] | undefined, StoreError>> {
  const bytes = await store.get(CHECKPOINT_HEAD);
  if (!bytes.ok || !bytes.value) return bytes.ok ? ok([]) : bytes;
  const head = decodeCheckpointHead(bytes.value);
  if (!head.ok) return unreadable(head.error, 'the checkpoint');
  return ok(head.value.seq > seq ? undefined : []);
}

/** Of `entries`, those that follow `seq` without a gap. */
function runAfter(entries: readonly LocalEntry[], seq: number): readonly LocalEntry[] {
  const behind = entries.filter((entry) => entry.seq > seq);
  const gap = behind.findIndex((entry, index) => entry.seq !== seq + 1 + index);
  return gap < 0 ? behind : behind.slice(0, gap);
}
