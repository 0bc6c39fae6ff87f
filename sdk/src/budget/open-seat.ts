import { isWiped } from '../crypto/identity.js';
import type { BudgetId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { TabGroup } from '../ports/tab-group.js';
import type { Result } from '../result.js';
import type { DigestWatch } from '../sync/digest-watch.js';
import { followStore, reloadStore, type FollowDeps } from '../sync/follow-store.js';
import type { LeaderTerm } from '../sync/leader-term.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import type { Replica } from '../sync/replica.js';
import type { SyncOrchestrator } from '../sync/sync-orchestrator.js';
import { TabSeat } from '../sync/tab-seat.js';
import type { EpochKeys } from '../sync/verify-entry.js';

export interface OpenSeatDeps {
  readonly budgetId: BudgetId;
  readonly tabs: TabGroup;
  readonly term: LeaderTerm;
  readonly store: LocalStore;
  readonly replica: Replica;
  readonly keys: EpochKeys;
  readonly refreshKeys: () => Promise<Result<void, StoreError>>;
  readonly digests: DigestWatch;
  readonly identities: OwnIdentities;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Known once the budget is put together. */
  readonly sync: () => SyncOrchestrator;
}

/** Binds one tab's copy of a budget to the group of tabs that share its store. */
export function openSeat(deps: OpenSeatDeps): TabSeat {
  const { tabs, term, replica, identities, digests, logger } = deps;
  const following: FollowDeps = {
    ...deps,
    confirmed: replica.confirmed,
    onFolded: (effects, entry) => {
      replica.takeStored(effects, entry);
      digests.sawEntry(entry, effects);
    },
  };
  const follow = async (isOther: boolean): Promise<Result<void, StoreError>> => {
    const followed = await replica.follow(() =>
      isOther ? reloadStore(following) : followStore(following),
    );
    if (!followed.ok)
      logger.warn('what other tabs wrote was not read', { kind: followed.error.kind });
    return followed;
  };
  const seat = new TabSeat({
    ...deps,
    hasEnded: () => replica.membershipEnd !== undefined,
    tabs,
    isLocked: () => isWiped(identities.newest),
    takeOver: async () => {
      const begun = await term.begin();
      if (!begun.ok) return begun;
      const followed = await follow(false);
      return followed.ok ? replica.takeOver() : followed;
    },
    onLead: () => {
      deps.sync().lead();
    },
    onFollow: async (how) => {
      await deps.sync().follow(how);
      if (how === 'yielded') await replica.settle();
      term.end();
    },
    onNews: async (isOther) => {
      await follow(isOther);
      deps.sync().noticeTabs();
    },
    onEdits: async () => {
      await replica.reloadOutbox();
      deps.sync().noticeTabs();
    },
    sync: () => deps.sync().syncNow(),
  });
  replica.ended.overhear(() => {
    seat.tellEnded();
  });
  return seat;
}
