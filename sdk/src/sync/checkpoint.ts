import type { BudgetState } from '../model/budget-state.js';
import type { LogPosition } from './log-position.js';

/** How far history was taken over from a snapshot instead of being verified. */
export interface Attested {
  /** The position of the snapshot. */
  readonly seq: number;
  /** Firebase uid of whoever took it. */
  readonly author: string;
}

/** All that a device knows of the log up to one position: kept on the device, and in snapshots. */
export interface Checkpoint {
  readonly state: BudgetState;
  readonly position: LogPosition;
  /** The frames that `position.peopleHash` runs over, in order, the first entry's included. */
  readonly peopleFrames: readonly Uint8Array[];
  /** Absent where this device has verified every entry itself. */
  readonly attested?: Attested;
}
