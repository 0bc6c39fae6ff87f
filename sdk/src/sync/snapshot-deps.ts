import type { BudgetId } from '../model/ids.js';
import type { Random } from '../ports/random.js';
import type { SnapshotStorage } from '../ports/snapshots.js';
import type { CorrectedClock } from './corrected-clock.js';
import type { LogSession } from './log-session.js';
import type { OwnIdentities } from './own-identities.js';
import type { Replica } from './replica.js';
import type { EpochKeys } from './verify-entry.js';

/** What taking, reading and removing snapshots of one budget works with. */
export interface SnapshotDeps {
  readonly budgetId: BudgetId;
  readonly snapshots: SnapshotStorage;
  readonly identities: OwnIdentities;
  readonly keys: EpochKeys;
  readonly replica: Replica;
  readonly session: LogSession;
  readonly corrected: CorrectedClock;
  readonly random: Random;
}
