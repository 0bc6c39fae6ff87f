import { equalBytes } from '../bytes.js';
import { verifyFrameSignature } from '../crypto/envelope.js';
import { hashFrame, parseFrame } from '../crypto/frame.js';
import type { StoredEntry } from '../ports/remote-log.js';
import type { Checkpoint } from './checkpoint.js';
import { firstStatementOf } from './first-statement.js';
import { digestConfirmed } from './state-digest.js';
import type { EpochKeys } from './verify-entry.js';

/**
 * Whether `entry` of the log is where `checkpoint` says that it was taken, and states the digest
 * of its state. Every member who folds the log has compared that with their own state; of what
 * the log does not state nobody would ever say that it is false.
 */
export function isStatedBy(
  entry: StoredEntry | undefined,
  { position, state, attested }: Checkpoint,
  keys: Pick<EpochKeys, 'find'>,
): boolean {
  if (!entry) return false;
  const frame = parseFrame(entry.frame);
  if (!frame.ok || !equalBytes(hashFrame(entry.frame), position.hash)) return false;
  const { header } = frame.value;
  if (header.seq !== position.seq || header.author !== attested?.author) return false;
  // Else it would drive the clocks of all who start from it, and what they write is refused.
  if (state.latestStamp.wallMs > header.t) return false;
  const author = position.members.get(header.author);
  const key = keys.find(header.epoch, header.kid);
  if (!author || !key || !verifyFrameSignature(frame.value, author.keys.sign)) return false;
  const statement = firstStatementOf(frame.value, key);
  return (
    statement?.type === 'state_digest' &&
    equalBytes(statement.digest, digestConfirmed(state, position))
  );
}
