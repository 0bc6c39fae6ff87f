import { equalBytes } from '../bytes.js';
import { hashFrame } from '../crypto/frame.js';
import {
  emptyBudgetState,
  foldEdit,
  type BudgetState,
  type RecordKey,
} from '../model/budget-state.js';
import type { Conflict } from '../model/conflict.js';
import type { Edit } from '../model/edit.js';
import type { Attested, Checkpoint } from './checkpoint.js';
import { LOG_START, saysOfPeople, type LogPosition, type VerifiedEntry } from './log-position.js';
import { digestConfirmed } from './state-digest.js';

export interface EntryEffects {
  readonly touched: readonly RecordKey[];
  readonly conflicts: readonly Conflict[];
  /** All edits of the entry, repeated ones included: whoever made them may forget them. */
  readonly edits: readonly Edit[];
  /** Of an entry that states a digest: whether it is what was folded before. */
  readonly digestIsSame: boolean | undefined;
}

/** Of so many of the last positions the chain hash is known. */
export const RECENT_POSITIONS = 64;

/** The confirmed side of a device: the verified log, folded. */
export class ConfirmedLog {
  readonly state: BudgetState;
  /** Positions of digests that are not what was folded here. */
  readonly misstated: Set<number> = new Set();
  #peopleFrames: Uint8Array[];
  #attested: Attested | undefined;
  #position: LogPosition;
  /** Chain hashes of the last few positions, to hold against what peers say of them. */
  readonly #recent = new Map<number, Uint8Array>();
  #genesisHash: Uint8Array | undefined;
  /** Entries stepped over since this was read, and the chain hash before each, which they may belie. */
  readonly skipped: Map<number, Uint8Array> = new Map();

  private constructor({ state, position, peopleFrames, attested }: Checkpoint) {
    this.state = state;
    this.#position = position;
    this.#peopleFrames = [...peopleFrames];
    this.#attested = attested;
    const [genesis] = peopleFrames;
    this.#genesisHash = genesis && hashFrame(genesis);
  }

  static empty(): ConfirmedLog {
    const state = emptyBudgetState();
    return new ConfirmedLog({ state, position: LOG_START, peopleFrames: [] });
  }

  /**
   * Goes on where `checkpoint` was taken, whose state it takes over. `recent` are the chain
   * hashes of positions before it that are known.
   */
  static restore(
    checkpoint: Checkpoint,
    recent: Iterable<readonly [seq: number, hash: Uint8Array]> = [],
  ): ConfirmedLog {
    const restored = new ConfirmedLog(checkpoint);
    for (const [seq, hash] of recent) restored.#remember(seq, hash);
    const { seq, hash } = checkpoint.position;
    restored.#remember(seq, hash);
    return restored;
  }

  /** Goes on from `checkpoint` instead of what was known; whoever holds `state` keeps it. */
  load({ state, position, peopleFrames, attested }: Checkpoint): void {
    refill(this.state.collections, state.collections);
    refill(this.state.applied, state.applied);
    this.state.latestStamp = state.latestStamp;
    this.#position = position;
    this.#peopleFrames = [...peopleFrames];
    this.#attested = attested;
    const [genesis] = peopleFrames;
    this.#genesisHash = genesis && hashFrame(genesis);
    this.#recent.clear();
    this.#remember(position.seq, position.hash);
  }

  /** All that is known here; its state goes on changing, so it is to be encoded at once. */
  checkpoint(): Checkpoint {
    const peopleFrames = [...this.#peopleFrames];
    const known = { state: this.state, position: this.#position, peopleFrames };
    return this.#attested ? { ...known, attested: this.#attested } : known;
  }

  /** The frames that `position.peopleHash` runs over. */
  get peopleFrames(): readonly Uint8Array[] {
    return this.#peopleFrames;
  }

  /** How far history was taken over from a snapshot; `undefined` where all was verified. */
  get attested(): Attested | undefined {
    return this.#attested;
  }

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
    if (digestIsSame === false) this.misstated.add(seq);
    const origin = { author: entry.author, seq, entryTimeMs: entry.t };
    const effects = entry.body.edits.map((edit) => foldEdit(this.state, edit, origin));
    if (saysOfPeople(entry.body.statements)) this.#peopleFrames.push(entry.frame);
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
    this.skipped.set(seq, this.#position.hash);
    this.#moveTo({ ...this.#position, seq, hash });
  }

  #moveTo(position: LogPosition): void {
    this.#position = position;
    if (position.seq === 1) this.#genesisHash = position.hash;
    this.#remember(position.seq, position.hash);
  }

  #remember(seq: number, hash: Uint8Array): void {
    this.#recent.set(seq, hash);
    this.#recent.delete(seq - RECENT_POSITIONS);
  }
}

function refill<K, V>(map: Map<K, V>, from: ReadonlyMap<K, V>): void {
  if (map === from) return;
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}
