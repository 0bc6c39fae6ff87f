import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import { verifyFrameSignature } from '../crypto/envelope.js';
import { hashFrame, parseFrame, type Frame } from '../crypto/frame.js';
import { joinSnapshot, openSnapshotChunk } from '../crypto/snapshot-chunk.js';
import { openSnapshotHeader, type SnapshotContent } from '../crypto/snapshot-header.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { mayWrite } from '../model/roles.js';
import type { BudgetId } from '../model/ids.js';
import type { RemoteError } from '../ports/remote-log.js';
import type { SnapshotStorage, StoredSnapshot } from '../ports/snapshots.js';
import { err, ok, type Result } from '../result.js';
import { decodeCheckpoint } from './checkpoint-codec.js';
import type { Checkpoint } from './checkpoint.js';
import type { LogPosition } from './log-position.js';
import { provePeople } from './people-frames.js';
import type { Landmarks } from './pull-log.js';
import { digestConfirmed } from './state-digest.js';
import type { EpochKeys } from './verify-entry.js';

export interface OpenSnapshotDeps {
  readonly budgetId: BudgetId;
  readonly snapshots: Pick<SnapshotStorage, 'readChunks'>;
  readonly keys: EpochKeys;
  readonly landmarks: Landmarks;
  /** What this device knows already, which the snapshot has to continue. */
  readonly position: LogPosition;
  readonly peopleFrames: readonly Uint8Array[];
}

/** Why a snapshot is not used; nothing of it is merged. */
export interface SnapshotRefused {
  readonly kind: 'snapshot_refused' | 'snapshot_incomplete' | 'upgrade_required' | 'key_missing';
  readonly seq: number;
  readonly message: string;
}

/** No state of a budget is larger when it is inflated. */
export const MAX_CHECKPOINT_BYTES: number = 64 * 1024 * 1024;

/**
 * Reads a stored snapshot and checks all that can be checked of it: whose it is, that what it
 * says of people was signed by them from the first entry on, that it continues what this device
 * knows, and that its state has the digest that its author signed. What the state says was not
 * verified entry by entry: it is attested by that author.
 */
export async function openSnapshot(
  deps: OpenSnapshotDeps,
  stored: StoredSnapshot,
  signal?: AbortSignal,
): Promise<Result<Checkpoint, SnapshotRefused | RemoteError>> {
  const { keys, snapshots } = deps;
  const frame = parseFrame(stored.header);
  if (!frame.ok) {
    return frame.error.kind === 'upgrade_required'
      ? refuse(stored, 'a newer version of the app took it', 'upgrade_required')
      : refuse(stored, 'its header is malformed');
  }
  const { header } = frame.value;
  if (!isFrameOf(stored, frame.value, deps.budgetId)) {
    return refuse(stored, 'its header is of another one');
  }
  const [obtained, chunks] = await Promise.all([
    keys.find(header.epoch, header.kid)
      ? ok()
      : keys.obtain(header.epoch, header.kid, deps.position, signal),
    snapshots.readChunks(stored, signal),
  ]);
  if (!obtained.ok) return obtained;
  if (!chunks.ok) {
    // Its author may have left one out, or is removing it just now; neither keeps anybody from others.
    return chunks.error.kind === 'failed'
      ? refuse(stored, 'its chunks are not all there', 'snapshot_incomplete')
      : chunks;
  }
  const epochKey = keys.find(header.epoch, header.kid);
  if (!epochKey) return refuse(stored, 'its key is not on this device', 'key_missing');
  const opened = openSnapshotHeader(frame.value, epochKey);
  if (!opened.ok) return refuse(stored, 'its header does not open');
  const bytes = openChunks(stored, opened.value, chunks.value, epochKey);
  if (!bytes) return refuse(stored, 'its chunks do not open');
  const checkpoint = decodeCheckpoint(bytes, MAX_CHECKPOINT_BYTES);
  if (!checkpoint.ok) {
    return checkpoint.error.kind === 'upgrade_required'
      ? refuse(stored, 'a newer version of the app took it', 'upgrade_required')
      : refuse(stored, 'its content is malformed');
  }
  return judgeCheckpoint(deps, stored, frame.value, opened.value, checkpoint.value, epochKey);
}

const isFrameOf = (
  { id, seq, author }: StoredSnapshot,
  { header }: Frame,
  budgetId: BudgetId,
): boolean =>
  header.kind === 'snapshot' &&
  header.budgetId === budgetId &&
  header.seq === seq &&
  header.author === author &&
  id.startsWith(`${String(seq)}_${author}_`);

function openChunks(
  { id, seq }: StoredSnapshot,
  { nonce, totalBytes, chunkHashes }: SnapshotContent,
  chunks: readonly Uint8Array[],
  epochKey: EpochKey,
): Uint8Array | undefined {
  if (!id.endsWith(`_${bytesToHex(nonce)}`) || chunks.length !== chunkHashes.length) {
    return undefined;
  }
  const slices: Uint8Array[] = [];
  for (const [index, bytes] of chunks.entries()) {
    const hash = chunkHashes[index];
    if (!hash || !equalBytes(sha256(bytes), hash)) return undefined;
    const place = { seq, nonce, index, count: chunks.length };
    const slice = openSnapshotChunk(bytes, place, epochKey);
    if (!slice.ok) return undefined;
    slices.push(slice.value);
  }
  return joinSnapshot(slices, totalBytes);
}

function judgeCheckpoint(
  deps: OpenSnapshotDeps,
  stored: StoredSnapshot,
  frame: Frame,
  { stateDigest }: SnapshotContent,
  checkpoint: Checkpoint,
  epochKey: EpochKey,
): Result<Checkpoint, SnapshotRefused> {
  const { position, peopleFrames } = checkpoint;
  const { header } = frame;
  const isThere =
    position.seq === header.seq &&
    equalBytes(position.hash, header.prev) &&
    position.epoch === header.epoch &&
    position.digests.seq === header.seq;
  if (!isThere) return refuse(stored, 'its content is of another position');
  if (position.seq <= deps.position.seq) return refuse(stored, 'it is older than what is known');
  if (!continuesKnown(deps, peopleFrames)) {
    return refuse(stored, 'it does not continue the history that this device knows');
  }
  const people = provePeople(peopleFrames, epochKey, position, deps.budgetId, (key) => {
    deps.keys.add(key);
  });
  if (!people || !hasSamePeople(people, position)) {
    return refuse(stored, 'what it says of people was not signed by them');
  }
  const author = people.members.get(header.author);
  if (!author || !mayWrite(author.role) || !verifyFrameSignature(frame, author.keys.sign)) {
    return refuse(stored, 'nobody who may write has signed it');
  }
  const proven: LogPosition = { ...position, ...people };
  if (!equalBytes(digestConfirmed(checkpoint.state, proven), stateDigest)) {
    return refuse(stored, 'its state is not the one that its author signed');
  }
  const attested = { seq: header.seq, author: header.author };
  return ok({ ...checkpoint, position: proven, attested });
}

/** The project cannot show another history than the one that was told or verified before. */
function continuesKnown(
  { landmarks, peopleFrames: known }: OpenSnapshotDeps,
  frames: readonly Uint8Array[],
): boolean {
  const [genesis] = frames;
  const landmark = landmarks.get(1);
  if (!genesis || (landmark && !bytesToHex(hashFrame(genesis)).startsWith(landmark))) return false;
  return known.every((frame, index) => {
    const other = frames[index];
    return other !== undefined && equalBytes(frame, other);
  });
}

const hasSamePeople = (
  proven: Pick<LogPosition, 'epoch' | 'kid' | 'previousEpoch' | 'epochStartedAt' | 'peopleHash'>,
  claimed: LogPosition,
): boolean =>
  proven.epoch === claimed.epoch &&
  proven.previousEpoch === claimed.previousEpoch &&
  proven.epochStartedAt === claimed.epochStartedAt &&
  proven.kid !== undefined &&
  claimed.kid !== undefined &&
  equalBytes(proven.kid, claimed.kid) &&
  equalBytes(proven.peopleHash, claimed.peopleHash);

const refuse = (
  { seq }: StoredSnapshot,
  why: string,
  kind: SnapshotRefused['kind'] = 'snapshot_refused',
): Result<never, SnapshotRefused> => err({ kind, seq, message: `A snapshot is not used: ${why}.` });
