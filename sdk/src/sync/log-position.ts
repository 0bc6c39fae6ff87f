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
import type { Members } from '../model/members.js';

/** How far a device has verified the log, and what holds there. */
export interface LogPosition {
  /** 0 before the first entry. */
  readonly seq: number;
  /** Chain hash of the entry at `seq`; 32 zero bytes before the first. */
  readonly hash: Uint8Array;
  readonly epoch: number;
  /** Commitment to the key of `epoch`; absent before the first entry. */
  readonly kid: Uint8Array | undefined;
  readonly members: Members;
  /** Whose device every device is that has written. */
  readonly devices: ReadonlyMap<DeviceId, string>;
}

export const LOG_START: LogPosition = {
  seq: 0,
  hash: new Uint8Array(32),
  epoch: 1,
  kid: undefined,
  members: new Map(),
  devices: new Map(),
};

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
}

const RECENT_POSITIONS = 64;

/** The confirmed side of a device: the verified log, folded. */
export class ConfirmedLog {
  readonly state: BudgetState = emptyBudgetState();
  #position: LogPosition = LOG_START;
  /** Chain hashes of the last few positions, to hold against what peers say of them. */
  readonly #recent = new Map<number, Uint8Array>();

  get position(): LogPosition {
    return this.#position;
  }

  fold(entry: VerifiedEntry): EntryEffects {
    const { seq } = entry.after;
    if (seq <= this.#position.seq) throw new Error(`entry ${String(seq)} was folded before`);
    const origin = { author: entry.author, seq, entryTimeMs: entry.t };
    const effects = entry.body.edits.map((edit) => foldEdit(this.state, edit, origin));
    this.#moveTo(entry.after);
    return {
      touched: effects.flatMap((effect) => effect.touched),
      conflicts: effects.flatMap((effect) => effect.conflicts),
      edits: entry.body.edits,
    };
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
    this.#recent.set(position.seq, position.hash);
    this.#recent.delete(position.seq - RECENT_POSITIONS);
  }
}
