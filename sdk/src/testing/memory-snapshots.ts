import { equalBytes } from '../bytes.js';
import {
  MAX_CHUNK_DELETES_PER_COMMIT,
  MAX_PRUNED_PER_COMMIT,
  splitIntoCommits,
} from '../ports/commit-limits.js';
import type { RemoteError } from '../ports/remote-log.js';
import {
  fitsSnapshot,
  MAX_CHUNKS,
  MAX_LISTED_SNAPSHOTS,
  snapshotIdOf,
  type NewSnapshot,
  type SnapshotStorage,
  type StoredSnapshot,
} from '../ports/snapshots.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { err, ok, type Result } from '../result.js';
import { fail, type MemoryAccess } from './memory-access.js';
import {
  chunkKeysOf,
  pruneEntries,
  putChunk,
  putHeader,
  raiseFloor,
  removeSnapshot,
} from './memory-snapshot-rules.js';
import { copySnapshot } from './memory-stored-budget.js';

/** Of which one query of the Firestore adapter reads that many at most. */
const CHUNKS_PER_QUERY = 4;

/** One person's access to the snapshots of one budget in memory. */
export class MemorySnapshots implements SnapshotStorage {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  list(
    limit: number,
    signal?: AbortSignal,
  ): Promise<Result<readonly StoredSnapshot[], RemoteError>> {
    const access = this.#access;
    const apply = (): Result<readonly StoredSnapshot[], RemoteError> => {
      if (!Number.isSafeInteger(limit) || limit < 1) return fail('listSnapshots', 'failed');
      if (!access.mayRead || limit > MAX_LISTED_SNAPSHOTS) return fail('listSnapshots', 'denied');
      const newest = [...(access.stored?.snapshots.values() ?? [])]
        .sort((a, b) => b.seq - a.seq || (a.id < b.id ? 1 : -1))
        .slice(0, limit);
      access.add({ reads: Math.max(1, newest.length) });
      const { host, uid, budgetId } = access;
      return ok(host.showSnapshots(uid, budgetId, newest.map(copySnapshot)));
    };
    access.add({ rulesReads: RULES_READS.listSnapshots });
    return access.call('listSnapshots', apply, signal);
  }

  readChunks(
    snapshot: Pick<StoredSnapshot, 'id' | 'chunks'>,
    signal?: AbortSignal,
  ): Promise<Result<readonly Uint8Array[], RemoteError>> {
    const access = this.#access;
    const { chunks } = snapshot;
    const keys = chunkKeysOf(snapshot);
    const apply = (): Result<readonly Uint8Array[], RemoteError> => {
      if (!access.mayRead) return fail('readChunks', 'denied');
      const found = keys
        .map((key) => access.stored?.chunks.get(key)?.slice())
        .filter((chunk) => chunk !== undefined);
      access.add({ reads: Math.max(1, found.length) });
      return found.length === chunks ? ok(found) : fail('readChunks', 'failed');
    };
    if (chunks < 1 || chunks > MAX_CHUNKS) return Promise.resolve(fail('readChunks', 'failed'));
    access.add({ rulesReads: Math.ceil(chunks / CHUNKS_PER_QUERY) * RULES_READS.listChunks });
    return access.call('readChunks', apply, signal);
  }

  async put(
    snapshot: NewSnapshot,
    onProgress?: (done: number, total: number) => void,
    signal?: AbortSignal,
  ): Promise<Result<string, RemoteError>> {
    const access = this.#access;
    if (!fitsSnapshot(snapshot)) return fail('putChunk', 'failed');
    const { seq, nonce } = snapshot;
    const header = snapshot.header.slice();
    const chunks = snapshot.chunks.map((chunk) => chunk.slice());
    const id = snapshotIdOf(seq, access.uid, nonce);
    for (const [at, chunk] of chunks.entries()) {
      access.add({ writes: 1, rulesReads: RULES_READS.putChunk });
      const stored = await access.write(
        'putChunk',
        (before, caller) => putChunk(before, { id, at, chunk }, caller),
        signal,
      );
      if (!stored.ok) return this.#settle(stored.error, id, header, signal);
      onProgress?.(at + 1, chunks.length + 1);
    }
    access.add({ writes: 1, rulesReads: RULES_READS.putHeader });
    const wanted = { id, seq, author: access.uid, chunks: chunks.length, header };
    const closed = await access.write(
      'putHeader',
      (before, caller) => putHeader(before, wanted, access.budgetId, caller),
      signal,
    );
    if (!closed.ok) return this.#settle(closed.error, id, header, signal);
    onProgress?.(chunks.length + 1, chunks.length + 1);
    return ok(id);
  }

  async remove(
    snapshot: Pick<StoredSnapshot, 'id' | 'chunks'>,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const access = this.#access;
    const parts = splitIntoCommits(chunkKeysOf(snapshot), MAX_CHUNK_DELETES_PER_COMMIT);
    const [first = [], ...rest] = parts;
    for (const part of [first, ...rest]) {
      const headers = part === first ? 1 : 0;
      access.add({
        deletes: part.length + headers,
        rulesReads: part.length * RULES_READS.removeChunk + headers * RULES_READS.removeHeader,
      });
      const removed = await access.write(
        'removeSnapshot',
        (before, caller) => removeSnapshot(before, snapshot.id, part, caller),
        signal,
      );
      if (!removed.ok) return removed;
    }
    return ok();
  }

  raiseFloor(
    floor: number,
    base: string,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    this.#access.add({ writes: 1, rulesReads: RULES_READS.raiseFloor });
    return this.#access.write(
      'raiseFloor',
      (before, caller) => raiseFloor(before, floor, base, caller),
      signal,
    );
  }

  async prune(
    floor: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<Result<number, RemoteError>> {
    const access = this.#access;
    const done = { pruned: 0, isLast: false };
    const apply = (): Result<void, RemoteError> => {
      const before = access.stored;
      if (done.pruned === 0) {
        access.add({ rulesReads: RULES_READS.listChanges, reads: access.mayRead ? 1 : 0 });
      }
      if (!before || !access.mayRead) return fail('prune', 'denied');
      const most = Math.min(limit - done.pruned, MAX_PRUNED_PER_COMMIT);
      const oldest = [...before.entries.keys()]
        .filter((seq) => seq <= floor)
        .sort((a, b) => a - b)
        .slice(0, most);
      done.isLast = oldest.length < MAX_PRUNED_PER_COMMIT || done.pruned + oldest.length === limit;
      if (oldest.length === 0) return ok();
      access.add({
        deletes: oldest.length,
        rulesReads: oldest.length * RULES_READS.pruneEntry,
      });
      const stored = access.store('prune', pruneEntries(before, oldest, access.caller));
      if (stored.ok) done.pruned += oldest.length;
      return stored;
    };
    while (!done.isLast) {
      const part = await access.call('prune', apply, signal);
      if (!part.ok) return part;
    }
    return ok(done.pruned);
  }

  /** A header that is there closes the snapshot, also to whoever never heard that it is. */
  async #settle(
    refused: RemoteError,
    id: string,
    header: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Result<string, RemoteError>> {
    if (refused.kind !== 'denied') return err(refused);
    const access = this.#access;
    const apply = (): Result<boolean, RemoteError> => {
      if (!access.mayRead) return fail('readHeader', 'denied');
      access.add({ reads: 1 });
      const stored = access.stored?.snapshots.get(id);
      return ok(stored !== undefined && equalBytes(stored.header, header));
    };
    access.add({ rulesReads: RULES_READS.readHeader });
    const found = await access.call('readHeader', apply, signal);
    return found.ok && found.value ? ok(id) : err(refused);
  }
}
