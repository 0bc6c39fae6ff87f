import type { BudgetExits } from './budget-exits.js';
import type { InviteDirectory } from './invite-directory.js';
import type { RemoteLog } from './remote-log.js';
import type { SnapshotStorage } from './snapshots.js';
import type { WrappedKeys } from './wrapped-keys.js';

/** All that is stored of one budget, as one user may use it. */
export interface RemoteBudget {
  readonly log: RemoteLog;
  readonly wraps: WrappedKeys;
  readonly invites: InviteDirectory;
  readonly exits: BudgetExits;
  readonly snapshots: SnapshotStorage;
}
