import { SealsyncError } from '../errors.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import type { Identity } from '../crypto/identity.js';
import type { BudgetId } from '../model/ids.js';
import type { Role } from '../model/roles.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { RemoteLog } from '../ports/remote-log.js';
import type { UserDirectory } from '../ports/user-directory.js';
import { err, ok } from '../result.js';
import type { Wakeups } from '../ports/wakeups.js';
import { Budget, type CollectionShapes } from './budget.js';
import { CorrectedClock } from './corrected-clock.js';
import { guardStore } from './guard-store.js';
import { HintJudge } from './hint-judge.js';
import { LOG_START } from './log-position.js';
import { LogSession } from './log-session.js';
import { Outbox } from './outbox.js';
import { Replica } from './replica.js';
import { sealEntries } from './seal-edits.js';
import { toSealsyncError, type AccessLost } from './sync-failure.js';
import type { OpenChannel } from './realtime-link.js';
import { SyncOrchestrator } from './sync-orchestrator.js';
import type { SyncSettings } from './sync-settings.js';
import { TurnTaking } from './turn-taking.js';
import type { EpochKeys } from './verify-entry.js';

/** Everything that one budget on one device needs from outside. */
export interface OpenBudgetDeps {
  readonly budgetId: BudgetId;
  readonly identity: Identity;
  readonly keys: EpochKeys;
  readonly log: RemoteLog;
  readonly users: UserDirectory;
  readonly store: LocalStore;
  readonly openChannel: OpenChannel;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: SyncSettings;
}

const NOT_AN_OWNER: AccessLost = {
  kind: 'access_denied',
  message: 'Only an owner may add members to the budget.',
};

/** Puts a budget together; nothing is read or sent until its `sync` is started. */
export async function assembleBudget<C extends CollectionShapes>(
  deps: OpenBudgetDeps,
): Promise<Budget<C>> {
  const { budgetId, identity, keys, log, users, store, clock, random, logger } = deps;
  const outbox = await Outbox.open(guardStore(store), random);
  if (!outbox.ok) throw new SealsyncError('store_unavailable', `${outbox.error.message}.`);
  const corrected = new CorrectedClock(clock);
  const onListenerError = (): void => {
    logger.error('a listener threw');
  };
  const { uid } = identity;
  const replica = new Replica({
    uid,
    outbox: outbox.value,
    clock: corrected,
    random,
    onListenerError,
  });
  const turns = new TurnTaking(clock, random);
  const session = new LogSession({
    log,
    budgetId,
    keys,
    identity,
    replica,
    clock,
    corrected,
    random,
    onPeerEntry: (device, ageMs) => {
      turns.sawEntryOf(device, ageMs);
    },
  });
  const hints = new HintJudge(replica.confirmed, keys);
  const sync = new SyncOrchestrator({ ...deps, session, hints, turns });
  const addMember = async (newcomer: string, role: Role): Promise<void> => {
    const published = await users.readKeys(newcomer);
    if (!published.ok) throw toSealsyncError(published.error);
    const memberKeys = published.value;
    if (!memberKeys) {
      throw new SealsyncError('bad_input', 'That user has not published an identity yet.');
    }
    await sync.exclusively((signal) =>
      session.append(({ members }) => {
        if (members.get(uid)?.role !== 'owner') return err(NOT_AN_OWNER);
        if (members.has(newcomer)) return ok(undefined);
        const roles = [...members].map(([member, known]) => [member, known.role] as const);
        const statement = { type: 'member_added', uid: newcomer, role, keys: memberKeys } as const;
        return ok({
          bodies: [{ edits: [], statements: [statement] }],
          members: { ...Object.fromEntries(roles), [newcomer]: role },
        });
      }, signal),
    );
  };
  return new Budget<C>({ id: budgetId, uid, replica, sync, addMember, close: () => store.close() });
}

/** Writes the first entry of a new budget, which makes its author the owner. */
export async function writeGenesis(
  deps: Pick<OpenBudgetDeps, 'identity' | 'log' | 'clock' | 'random' | 'store'>,
  epochKey: EpochKey,
): Promise<void> {
  const { identity, log, clock, random, store } = deps;
  const outbox = await Outbox.open(store, random);
  if (!outbox.ok) throw new SealsyncError('store_unavailable', `${outbox.error.message}.`);
  const corrected = new CorrectedClock(clock);
  const body = { edits: [], statements: [{ type: 'genesis' as const, keys: identity.publicKeys }] };
  for (let attempt = 1; ; attempt += 1) {
    const sealing = { device: outbox.value.device, epochKey, t: corrected.now() };
    const [genesis] = sealEntries([body], LOG_START, sealing, { identity, random });
    if (!genesis) throw new Error('one body makes one entry');
    const created = await log.create(genesis.entry);
    if (created.ok) return;
    if (created.error.kind !== 'denied' || attempt > 1) throw toSealsyncError(created.error);
    // The one thing that an honest creation can be denied for is a wrong clock.
    const serverTime = await log.serverTime();
    if (!serverTime.ok) throw toSealsyncError(serverTime.error);
    corrected.correct(serverTime.value);
  }
}
