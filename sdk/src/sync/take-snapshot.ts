import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { cutSnapshot, sealSnapshotChunk, SNAPSHOT_NONCE_BYTES } from '../crypto/snapshot-chunk.js';
import { sealSnapshotHeader } from '../crypto/snapshot-header.js';
import { encodeCheckpoint } from './checkpoint-codec.js';
import { mayWrite } from '../model/roles.js';
import { MAX_CHUNKS, type NewSnapshot } from '../ports/snapshots.js';
import { ok, type Result } from '../result.js';
import type { SnapshotDeps } from './snapshot-deps.js';
import { digestConfirmed } from './state-digest.js';
import type { SyncFailure } from './sync-failure.js';

/** A snapshot that is sealed and waits to be stored, and where the log states its digest. */
export interface TakenSnapshot {
  readonly appended: number;
  /** Absent where somebody else was faster, or the state is too large for a snapshot. */
  readonly snapshot?: NewSnapshot;
}

/**
 * States the digest of what the log folds to, as its next entry, and seals that state. Whoever
 * states it first takes the snapshot; nothing but the entry is stored yet.
 */
export async function takeSnapshot(
  deps: SnapshotDeps,
  signal?: AbortSignal,
): Promise<Result<TakenSnapshot, SyncFailure>> {
  const { replica, session } = deps;
  const { confirmed } = replica;
  const before = confirmed.position.digests.seq;
  const appended = await session.append((position) => {
    if (position.digests.seq !== before) return ok(undefined);
    const digest = digestConfirmed(confirmed.state, position);
    return ok({ bodies: [{ edits: [], statements: [{ type: 'state_digest', digest }] }] });
  }, signal);
  if (!appended.ok) return appended;
  if (appended.value === 0) return ok({ appended: 0 });
  const snapshot = sealSnapshot(deps);
  return ok(snapshot ? { appended: appended.value, snapshot } : { appended: appended.value });
}

/** Of the entry that was appended last, which is this device's digest. */
function sealSnapshot(deps: SnapshotDeps): NewSnapshot | undefined {
  const { replica, identities, keys, corrected, random } = deps;
  const { position, state } = replica.confirmed;
  const self = position.members.get(identities.uid);
  const identity = self && identities.find(self.keys);
  const epochKey = position.kid && keys.find(position.epoch, position.kid);
  if (!self || !mayWrite(self.role) || !identity || !epochKey) return undefined;
  const { seq, hash: headHash } = position;
  const bytes = encodeCheckpoint(replica.confirmed.checkpoint());
  const slices = cutSnapshot(bytes);
  if (slices.length > MAX_CHUNKS) return undefined;
  const nonce = random.bytes(SNAPSHOT_NONCE_BYTES);
  const chunks = slices.map((slice, index) =>
    sealSnapshotChunk(slice, { seq, nonce, index, count: slices.length }, epochKey, random),
  );
  const header = sealSnapshotHeader({
    seq,
    device: replica.outbox.device,
    t: Math.max(corrected.now(), state.latestStamp.wallMs),
    headHash,
    epochKey,
    identity,
    nonce,
    totalBytes: bytes.length,
    chunkHashes: chunks.map((chunk) => sha256(chunk)),
    stateDigest: digestConfirmed(state, position),
    random,
  });
  return { seq, nonce: bytesToHex(nonce), header, chunks };
}
