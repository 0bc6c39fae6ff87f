import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes.js';
import { decodeBody } from '../codec/body.js';
import { openFrame } from '../crypto/envelope.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { parseFrame } from '../crypto/frame.js';
import { unwrapEpochKey } from '../crypto/wrap-epoch-key.js';
import type { Edit } from '../model/edit.js';
import type { StoredEntry } from '../ports/remote-log.js';
import type { StoredBudget } from '../testing/memory-stored-budget.js';
import type { SyncWorld } from '../testing/sync-world.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import { require, Violation } from './violation.js';

/** An entry as whoever holds all keys reads it. */
export interface DecodedEntry {
  readonly seq: number;
  readonly author: string;
  readonly t: number;
  readonly edits: readonly Edit[];
}

/** Everything that was ever in the log but `poison`, read without any of the code that verifies and folds it. */
export function decodeLog(
  world: SyncWorld,
  uids: readonly string[],
  poison: ReadonlySet<number>,
  pruned: ReadonlyMap<number, StoredEntry>,
): DecodedEntry[] {
  const stored = world.backend.inspect(world.budgetId);
  if (!stored) throw new Error('there is a budget');
  const keys = new Map<string, EpochKey>();
  const decoded: DecodedEntry[] = [];
  let previous = new Uint8Array(32);
  const entries = new Map([...pruned, ...stored.entries]);
  for (let seq = 1; seq <= entries.size; seq += 1) {
    const entry = entries.get(seq);
    const isChained = entry !== undefined && equalBytes(entry.prev, previous);
    require(isChained, 'the log is gapless and chained', () => `at entry ${String(seq)}`);
    if (!entry) continue;
    previous = Uint8Array.from(sha256(entry.frame));
    if (!poison.has(seq)) decoded.push(openEntry(world, stored, entry.frame, uids, keys));
  }
  for (const key of keys.values()) key.wipe();
  return decoded;
}

function openEntry(
  world: SyncWorld,
  stored: StoredBudget,
  bytes: Uint8Array,
  uids: readonly string[],
  keys: Map<string, EpochKey>,
): DecodedEntry {
  const frame = parseFrame(bytes);
  if (!frame.ok) throw unreadable('is no frame');
  const { seq, author, t, kid, epoch, device } = frame.value.header;
  const name = bytesToHex(kid);
  const key = keys.get(name) ?? findKey(world, stored, epoch, kid, uids);
  keys.set(name, key);
  const opened = openFrame(frame.value, key);
  const body = opened.ok ? decodeBody(opened.value, device) : undefined;
  if (!body?.ok) throw unreadable(`entry ${String(seq)} does not open`);
  return { seq, author, t, edits: body.value.edits };
}

/** The key as it is wrapped for anybody. */
function findKey(
  world: SyncWorld,
  stored: StoredBudget,
  epoch: number,
  kid: Uint8Array,
  uids: readonly string[],
): EpochKey {
  const { budgetId } = world;
  for (const uid of uids) {
    const bytes = stored.wraps.get(wrapIdOf(kid, uid))?.wrap;
    if (!bytes) continue;
    const identity = world.identityOf(uid);
    const wrapperSignKey = undefined;
    const key = unwrapEpochKey({ bytes, identity, wrapperSignKey, budgetId, epoch, kid });
    if (key.ok) return key.value;
  }
  throw unreadable(`nobody holds the key of: an entry of epoch ${String(epoch)}`);
}

const unreadable = (what: string): Violation =>
  new Violation('the log is gapless and chained', `an honest member appended what ${what}`);
