import type { Identity } from '../crypto/identity.js';
import type { BudgetId } from '../model/ids.js';
import type { Member } from '../model/people.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { LocalStore } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import type { UserDirectory } from '../ports/user-directory.js';
import type { CorrectedClock } from '../sync/corrected-clock.js';
import type { LogPosition } from '../sync/log-position.js';
import type { LogSession } from '../sync/log-session.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import type { Replica } from '../sync/replica.js';
import type { SyncNews } from '../sync/sync-news.js';
import type { SyncOrchestrator } from '../sync/sync-orchestrator.js';
import type { SyncSettings } from '../sync/sync-settings.js';
import type { BudgetKeyring } from './budget-keyring.js';
import type { BudgetNote } from './budget-note.js';
import type { PeopleSettings } from './people-settings.js';

/** What the people's side of one open budget works with. */
export interface PeopleDeps {
  readonly budgetId: BudgetId;
  readonly identities: OwnIdentities;
  readonly keyring: BudgetKeyring;
  readonly remote: RemoteBudget;
  readonly list: BudgetList;
  readonly note: BudgetNote;
  readonly users: UserDirectory;
  readonly session: LogSession;
  readonly sync: SyncOrchestrator;
  readonly news: SyncNews;
  readonly replica: Replica;
  readonly corrected: CorrectedClock;
  readonly random: Random;
  readonly store: LocalStore;
  readonly logger: Logger;
  readonly settings: PeopleSettings & Pick<SyncSettings, 'firstRetryDelayMs'>;
  /** Throws `sign_in_again` where the user signed in too long ago for what cannot be undone. */
  readonly requireRecentSignIn: () => Promise<void>;
}

export const positionOf = ({ replica }: Pick<PeopleDeps, 'replica'>): LogPosition =>
  replica.confirmed.position;

/** This user as the verified log has them; `undefined` before it does. */
export const ownMember = ({
  identities,
  replica,
}: Pick<PeopleDeps, 'identities' | 'replica'>): Member | undefined =>
  positionOf({ replica }).members.get(identities.uid);

/** The identity that the log knows, or the newest where it knows none yet. */
export function ownIdentity(deps: Pick<PeopleDeps, 'identities' | 'replica'>): Identity {
  const self = ownMember(deps);
  return (self && deps.identities.find(self.keys)) ?? deps.identities.newest;
}
