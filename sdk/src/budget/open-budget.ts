import { BudgetBackup } from '../backup/budget-backup.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { BudgetHistory } from '../history/budget-history.js';
import { SkippedEntries } from '../history/skipped-entries.js';
import type { BudgetId } from '../model/ids.js';
import { BudgetKeyring } from '../people/budget-keyring.js';
import { BudgetPeople } from '../people/budget-people.js';
import { explainDenial } from '../people/explain-denial.js';
import { mendEpoch } from '../people/mend-epoch.js';
import { BudgetNote } from '../people/budget-note.js';
import type { OwnPin } from '../people/own-pin.js';
import type { PeopleDeps } from '../people/people-deps.js';
import { PeopleKeeper } from '../people/people-keeper.js';
import type { PeopleSettings } from '../people/people-settings.js';
import { VerifiedMembers } from '../people/verified-members.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { Clock } from '../ports/clock.js';
import type { BudgetStore, StoreError } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { RemoteBudget } from '../ports/remote-budget.js';
import type { TabGroup } from '../ports/tab-group.js';
import type { UserDirectory } from '../ports/user-directory.js';
import type { Wakeups } from '../ports/wakeups.js';
import { ok, type Result } from '../result.js';
import { CorrectedClock } from '../sync/corrected-clock.js';
import { DigestWatch } from '../sync/digest-watch.js';
import { HintJudge } from '../sync/hint-judge.js';
import { readLocalKeys } from '../sync/local-keys.js';
import { LeaderTerm } from '../sync/leader-term.js';
import { LocalLog, type LocalLogLimits } from '../sync/local-log.js';
import { LogSession } from '../sync/log-session.js';
import { LogStart } from '../sync/log-start.js';
import { Outbox } from '../sync/outbox.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import type { OpenChannel } from '../sync/realtime-link.js';
import { pruneLog } from '../sync/prune-log.js';
import { Replica } from '../sync/replica.js';
import type { SecurityEvent } from '../sync/security-event.js';
import { SnapshotKeeper } from '../sync/snapshot-keeper.js';
import type { Standing } from '../sync/standing.js';
import { toSealsyncError } from '../sync/sync-failure.js';
import { SyncNews } from '../sync/sync-news.js';
import { SyncOrchestrator } from '../sync/sync-orchestrator.js';
import type { SyncSettings } from '../sync/sync-settings.js';
import type { TabSeat } from '../sync/tab-seat.js';
import { TurnTaking } from '../sync/turn-taking.js';
import { openSeat } from './open-seat.js';
import { Budget, type CollectionShapes } from './budget.js';
import { RecentConflicts } from './recent-conflicts.js';
import { SchemaChecks } from './schemas.js';

/** Everything that one budget on one device needs from outside. */
export interface OpenBudgetDeps {
  readonly budgetId: BudgetId;
  readonly identities: OwnIdentities;
  readonly remote: RemoteBudget;
  readonly list: BudgetList;
  readonly users: UserDirectory;
  /** The note of a budget that this device has just created; of any other it is read. */
  readonly pin?: OwnPin;
  /** The first key of a budget that this device has just created. */
  readonly epochKey?: EpochKey;
  /** Sealed, and open. */
  readonly store: BudgetStore;
  /** When what is kept of the log is put together; as is good for the store by default. */
  readonly localLog?: LocalLogLimits | undefined;
  /** The tabs that share the store, where several may. */
  readonly tabs?: TabGroup | undefined;
  readonly openChannel: OpenChannel;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: SyncSettings & PeopleSettings;
  readonly requireRecentSignIn: () => Promise<void>;
  /** Hears what is found from the start, whether or not the app listens already. */
  readonly onSecurity?: ((event: SecurityEvent) => void) | undefined;
  readonly onClosed?: () => void;
  /** Already looked through, so that a schema that is none fails before anything is opened. */
  readonly checks?: SchemaChecks | undefined;
}

/** An entry that was signed longer ago is no sign that somebody is at work. */
const RECENT_ENTRY_MS = 5 * 60_000;

/** Puts a budget together; nothing is read or sent until its `sync` is started. */
export async function assembleBudget<C extends CollectionShapes>(
  deps: OpenBudgetDeps,
): Promise<Budget<C>> {
  const { budgetId, identities, remote, store, clock, random, logger } = deps;
  const outbox = await Outbox.open(store, random);
  if (!outbox.ok) throw toSealsyncError(outbox.error);
  const verified = await VerifiedMembers.load(store);
  if (!verified.ok) throw toSealsyncError(verified.error);
  const conflicts = await RecentConflicts.load(store);
  if (!conflicts.ok) throw toSealsyncError(conflicts.error);
  const skipped = await SkippedEntries.load(store);
  if (!skipped.ok) throw toSealsyncError(skipped.error);

  const corrected = new CorrectedClock(clock);
  const { uid } = identities;
  const onListenerError = (): void => {
    logger.error('a listener threw');
  };
  const keyring = new BudgetKeyring({
    budgetId,
    identities,
    log: remote.log,
    wraps: remote.wraps,
    onSecurity: (event) => {
      replica.security.tell(event);
    },
    onKey: (key) => {
      local.noteKey(key);
    },
    onWrapRefused: () => {
      sync.announceMembership();
    },
  });
  const refreshKeys = async (): Promise<Result<void, StoreError>> => {
    const keys = await readLocalKeys(store, budgetId);
    if (keys.ok) keyring.restore(keys.value);
    return keys.ok ? ok() : keys;
  };
  const { tabs } = deps;
  const term = tabs && new LeaderTerm(store, random, () => seat?.tellStored('stored'));
  const leaderStore = term?.store ?? store;
  const kept = await LocalLog.open(leaderStore, {
    budgetId,
    keys: keyring,
    limits: deps.localLog,
    refreshKeys,
  });
  if (!kept.ok) throw toSealsyncError(kept.error);
  const local = kept.value;
  const replica = new Replica({
    uid,
    outbox: outbox.value,
    local,
    leaderStore,
    onReplaced: () => seat?.tellStored('replaced'),
    clock: corrected,
    random,
    onListenerError,
  });
  conflicts.value.watch(replica.conflicts);
  skipped.value.watch(replica);
  if (deps.onSecurity) replica.security.overhear(deps.onSecurity);
  if (deps.epochKey) keyring.add(deps.epochKey);
  const reportOnce = (event: SecurityEvent): void => {
    replica.reportOnce(event);
  };
  const note = new BudgetNote({ ...deps, keyring, onSecurity: reportOnce }, deps.pin);
  const turns = new TurnTaking(clock, random);
  const news = new SyncNews(onListenerError);
  // People and log need each other: who may append, and what is appended about people.
  const standing: Standing = {
    mendEpoch: async (budget, signal) => {
      const mended = await mendEpoch(people, budget, signal);
      return mended.ok ? ok(mended.value > 0) : mended;
    },
    explainDenial: (signal) => explainDenial(people, signal),
  };
  const digests = new DigestWatch(replica.confirmed, uid, (event, about) => {
    replica.reportOnce(event, about);
  });
  const { log, snapshots } = remote;
  const reading = { budgetId, log, snapshots, keys: keyring, replica, digests };
  const session = new LogSession({
    budgetId,
    identities,
    replica,
    clock,
    corrected,
    random,
    standing,
    log,
    digests,
    start: new LogStart(reading),
    isNew: deps.epochKey !== undefined,
    keys: keyring,
    landmarks: (signal) => note.landmarks(signal),
    keepGenesis: (genesisHash) => note.keepGenesis(genesisHash),
    onPeerEntry: (device, ageMs) => {
      turns.sawEntryOf(device, ageMs);
      // What a cold start reads happened long ago.
      if (ageMs <= RECENT_ENTRY_MS) sync.noticePeer();
    },
    onProgress: (progress) => {
      news.progress.tell(progress);
    },
  });
  const seat: TabSeat | undefined =
    tabs &&
    term &&
    openSeat({
      ...deps,
      tabs,
      term,
      replica,
      keys: keyring,
      refreshKeys,
      digests,
      sync: () => sync,
    });
  const hints = new HintJudge(replica.confirmed, keyring);
  const sync: SyncOrchestrator = new SyncOrchestrator({
    ...deps,
    seat,
    session,
    hints,
    turns,
    news,
    hasPending: () => replica.outbox.size > 0,
    onMembershipHint: () => {
      keeper.heed();
    },
  });
  // Whoever was removed is not in the budget on any device; those who leave say so themselves.
  replica.ended.overhear(({ kind }) => {
    if (kind === 'removed') void deps.list.removePin(budgetId);
  });
  const people: PeopleDeps = {
    ...deps,
    keyring,
    note,
    session,
    sync,
    news,
    replica,
    corrected,
  };
  const keeper = new PeopleKeeper(people, clock, deps.epochKey !== undefined);
  keeper.start();
  const taking = { ...reading, identities, session, corrected, random };
  const snapshotKeeper = new SnapshotKeeper({ ...deps, ...taking, store, sync });
  snapshotKeeper.start();
  const pruning = { ...taking, landmarks: (signal?: AbortSignal) => note.landmarks(signal) };
  return new Budget<C>({
    id: budgetId,
    uid,
    replica,
    sync,
    news,
    store,
    people: new BudgetPeople(people, verified.value),
    checks: deps.checks ?? new SchemaChecks(),
    conflicts: conflicts.value,
    backup: new BudgetBackup({ budgetId, replica, clock: corrected, random }),
    history: new BudgetHistory({
      budgetId,
      log: remote.log,
      keys: keyring,
      skipped: skipped.value,
      position: () => replica.confirmed.position,
      attestedThrough: () => replica.confirmed.attested?.seq ?? 0,
      onSecurity: reportOnce,
    }),
    onListenerError,
    firstLook: () => keeper.firstLook(),
    prune: async (onProgress) => {
      await deps.requireRecentSignIn();
      const run = await pruneLog({ ...pruning, onProgress });
      if (!run.ok) throw toSealsyncError(run.error);
      return run.value;
    },
    close: async () => {
      await seat?.close();
      await snapshotKeeper.close();
      await keeper.close();
      keyring.wipe();
      deps.onClosed?.();
      await conflicts.value.saved();
      await skipped.value.saved();
      await store.close();
    },
  });
}
