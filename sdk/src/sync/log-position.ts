import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { FrameHeader } from '../crypto/frame-header.js';
import type { EntryBody } from '../model/body.js';
import {
  emptyBudgetState,
  foldEdit,
  type BudgetState,
  type RecordKey,
} from '../model/budget-state.js';
import type { Conflict } from '../model/conflict.js';
import type { Edit } from '../model/edit.js';
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
  /** Positions of digests that somebody disputes, at most {@link MAX_DISPUTED} of them. */
  readonly disputed: readonly number[];
}

/** So many of the newest disputes count. */
export const MAX_DISPUTED = 16;

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
  if (statement?.type !== 'digest_disputed' || before.disputed.includes(statement.seq)) {
    return before;
  }
  return { ...before, disputed: [...before.disputed, statement.seq].slice(-MAX_DISPUTED) };
}

/** An entry that passed every check, and the position behind it. */
export interface VerifiedEntry {
  readonly author: string;
  readonly device: DeviceId;
  /** The author's signed time in ms. */
  readonly t: number;
  readonly body: EntryBody;
  readonly after: LogPosition;
}

export interface EntryEffects {
  readonly touched: readonly RecordKey[];
  readonly conflicts: readonly Conflict[];
  /** All edits of the entry, repeated ones included: whoever made them may forget them. */
  readonly edits: readonly Edit[];
  /** Of an entry that states a digest: whether it is what was folded before. */
  readonly digestIsSame: boolean | undefined;
}

const RECENT_POSITIONS = 64;

/** The confirmed side of a device: the verified log, folded. */
export class ConfirmedLog {
  readonly state: BudgetState = emptyBudgetState();
  #position: LogPosition = LOG_START;
  /** Chain hashes of the last few positions, to hold against what peers say of them. */
  readonly #recent = new Map<number, Uint8Array>();
  #genesisHash: Uint8Array | undefined;

  /** The chain hash of the first entry, once there is one. */
  get genesisHash(): Uint8Array | undefined {
    return this.#genesisHash;
  }

  get position(): LogPosition {
    return this.#position;
  }

  fold(entry: VerifiedEntry): EntryEffects {
    const { seq } = entry.after;
    if (seq <= this.#position.seq) throw new Error(`entry ${String(seq)} was folded before`);
    const digestIsSame = this.#compareDigest(entry);
    const origin = { author: entry.author, seq, entryTimeMs: entry.t };
    const effects = entry.body.edits.map((edit) => foldEdit(this.state, edit, origin));
    this.#moveTo(entry.after);
    return {
      touched: effects.flatMap((effect) => effect.touched),
      conflicts: effects.flatMap((effect) => effect.conflicts),
      edits: entry.body.edits,
      digestIsSame,
    };
  }

  #compareDigest({ body: { statements } }: VerifiedEntry): boolean | undefined {
    const [statement] = statements;
    if (statement?.type !== 'state_digest') return undefined;
    return equalBytes(statement.digest, digestConfirmed(this.state, this.#position));
  }

  /** The chain hash at `seq`, if that is one of the last few positions. */
  hashAt(seq: number): Uint8Array | undefined {
    return this.#recent.get(seq);
  }

  /** Steps over entries that a verified later one commits to, without their effects. */
  skip(seq: number, hash: Uint8Array): void {
    this.#moveTo({ ...this.#position, seq, hash });
  }

  #moveTo(position: LogPosition): void {
    this.#position = position;
    if (position.seq === 1) this.#genesisHash = position.hash;
    this.#recent.set(position.seq, position.hash);
    this.#recent.delete(position.seq - RECENT_POSITIONS);
  }
}
