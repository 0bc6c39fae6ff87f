import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { FrameHeader } from '../crypto/frame-header.js';
import type { EntryBody } from '../model/body.js';
import type { DeviceId } from '../model/ids.js';
import { isDigestStatement, type Statement } from '../model/membership.js';
import { NOBODY, type People } from '../model/people.js';

/** How far a device has verified the log, and what holds there. */
export interface LogPosition extends People {
  /** 0 before the first entry. */
  readonly seq: number;
  /** Chain hash of the entry at `seq`; 32 zero bytes before the first. */
  readonly hash: Uint8Array;
  readonly epoch: number;
  /** Commitment to the key of `epoch`; absent before the first entry. */
  readonly kid: Uint8Array | undefined;
  /** The epoch before `epoch`; 0 in the first. */
  readonly previousEpoch: number;
  /** The signed time of the entry that started `epoch`, in ms; 0 before the first entry. */
  readonly epochStartedAt: number;
  /**
   * 32 bytes over the entries that say something of people: SHA-256 of what was here before,
   * and the entry's chain hash. Zeros before the first entry.
   */
  readonly peopleHash: Uint8Array;
  readonly digests: DigestTrail;
}

/** What the log says of its own state. */
export interface DigestTrail {
  /** Position of the newest digest; 0 before the first. */
  readonly seq: number;
  /** Positions of digests that somebody disputes, the newest {@link MAX_DISPUTED} in ascending order. */
  readonly disputed: readonly number[];
}

/** So many are told apart. */
export const MAX_DISPUTED = 16;

/** Of more than are told apart the oldest count as disputed: no flood makes a dispute forgotten. */
export const isDisputed = ({ disputed }: DigestTrail, seq: number): boolean =>
  disputed.includes(seq) || (disputed.length === MAX_DISPUTED && seq < (disputed[0] ?? 0));

export const LOG_START: LogPosition = {
  ...NOBODY,
  seq: 0,
  hash: new Uint8Array(32),
  epoch: 1,
  kid: undefined,
  previousEpoch: 0,
  epochStartedAt: 0,
  peopleHash: new Uint8Array(32),
  digests: { seq: 0, disputed: [] },
};

/** The position behind an entry that was verified, or sealed, at `before`. */
export function advancePosition(
  before: LogPosition,
  entry: Pick<FrameHeader, 'seq' | 'epoch' | 'kid' | 't'>,
  hash: Uint8Array,
  said: { readonly people: People; readonly statements: readonly Statement[] },
): LogPosition {
  const { seq, epoch, kid, t } = entry;
  const isNewEpoch = before.seq === 0 || epoch > before.epoch;
  const { members, invites, devices } = said.people;
  const peopleHash = saysOfPeople(said.statements)
    ? sha256(concatBytes(before.peopleHash, hash))
    : before.peopleHash;
  const digests = advanceDigests(before.digests, seq, said.statements);
  const at = { seq, hash, epoch, kid, members, invites, devices, peopleHash, digests };
  const { previousEpoch, epochStartedAt } = before;
  if (!isNewEpoch) return { ...at, previousEpoch, epochStartedAt };
  return { ...at, previousEpoch: before.seq === 0 ? 0 : before.epoch, epochStartedAt: t };
}

/** Whether an entry with these statements belongs to the chain of people. */
export const saysOfPeople = (statements: readonly Statement[]): boolean =>
  statements.some((statement) => !isDigestStatement(statement));

function advanceDigests(
  before: DigestTrail,
  seq: number,
  [statement]: readonly Statement[],
): DigestTrail {
  if (statement?.type === 'state_digest') return { ...before, seq };
  if (statement?.type !== 'digest_disputed' || isDisputed(before, statement.seq)) {
    return before;
  }
  const disputed = [...before.disputed, statement.seq].sort((a, b) => a - b);
  return { ...before, disputed: disputed.slice(-MAX_DISPUTED) };
}

/** An entry that passed every check, and the position behind it. */
export interface VerifiedEntry {
  readonly author: string;
  readonly device: DeviceId;
  /** The author's signed time in ms. */
  readonly t: number;
  readonly body: EntryBody;
  readonly frame: Uint8Array;
  /** When the server took it, in ms; `t` where this device appended it. For display only. */
  readonly at: number;
  readonly after: LogPosition;
}
