import { equalBytes } from '../bytes.js';
import { generateEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import { sealPreviousKey } from '../crypto/previous-key.js';
import type { Statement } from '../model/membership.js';
import type { BudgetChange } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import { foldStatements } from '../sync/fold-statements.js';
import type { LogPosition } from '../sync/log-position.js';
import { refuse, type SyncFailure } from '../sync/sync-failure.js';
import { ownIdentity, positionOf, type PeopleDeps } from './people-deps.js';
import { recipientsOf, wrapFor } from './wrap-for.js';

/** Why an epoch starts: what its first entry says, and what changes along with it. */
export interface EpochPurpose {
  /** Behind the statement that starts the epoch. */
  readonly statements: readonly Statement[];
  readonly change?: Pick<BudgetChange, 'members' | 'departure' | 'settlesLeaving'>;
  /** The epoch that the budget's document names already, where that is ahead of the log. */
  readonly after?: number;
}

/** Decided anew whenever others were faster; `undefined` once there is no reason any more. */
export type DecidePurpose = (position: LogPosition) => Decision | Promise<Decision>;

type Decision = Result<EpochPurpose | undefined, SyncFailure>;

const MAX_ATTEMPTS = 8;

/**
 * Replaces the budget's key: first the new one is wrapped for everybody who stays, then one
 * small commit makes it count. Stopped in between, it leaves wraps that nobody looks at.
 * Answers with the number of entries appended: 0 where there was no reason.
 */
export async function startEpoch(
  deps: PeopleDeps,
  decide: DecidePurpose,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const position = positionOf(deps);
    const decided = await decide(position);
    if (!decided.ok) return decided;
    if (!decided.value) return ok(0);
    const staged = await stageEpoch(deps, position, decided.value, signal);
    if (!staged.ok) return staged;
    const appended = await commitEpoch(deps, position, decided.value, staged.value, signal);
    if (!appended.ok || appended.value > 0) return appended;
  }
  return err({ kind: 'failed', message: 'Others kept changing the people of the budget.' });
}

interface StagedEpoch {
  readonly epochKey: EpochKey;
  readonly statements: readonly Statement[];
}

async function stageEpoch(
  deps: PeopleDeps,
  position: LogPosition,
  purpose: EpochPurpose,
  signal?: AbortSignal,
): Promise<Result<StagedEpoch, SyncFailure>> {
  const { budgetId, keyring, random, replica, corrected } = deps;
  const oldKey = position.kid && keyring.find(position.epoch, position.kid);
  if (!oldKey) {
    const message = 'The key of the current epoch is not on this device.';
    return err({ kind: 'key_missing', seq: position.seq, message });
  }
  const epoch = Math.max(position.epoch, purpose.after ?? 0) + 1;
  const epochKey = generateEpochKey(random, budgetId, epoch);
  const started: Statement = {
    type: 'epoch_started',
    previousEpoch: oldKey.epoch,
    previousKid: oldKey.kid,
    previousKey: sealPreviousKey(epochKey, oldKey, random),
  };
  const statements = [started, ...purpose.statements];
  const identity = ownIdentity(deps);
  const people = foldStatements(position, statements, {
    budgetId,
    seq: position.seq + 1,
    epoch,
    author: identity.uid,
    device: replica.outbox.device,
    t: corrected.now(),
  });
  if (!people) {
    epochKey.wipe();
    return refuse('access_denied', 'The budget does not allow this user to change its people so.');
  }
  const wraps = wrapFor(recipientsOf(people, corrected.now()), epochKey, identity, random);
  const stored = await deps.remote.wraps.put(wraps, signal);
  if (!stored.ok) return stored;
  keyring.add(epochKey);
  return ok({ epochKey, statements });
}

/** 0 if others changed the people meanwhile, so that the wraps may not be the right ones. */
function commitEpoch(
  { session }: PeopleDeps,
  staged: LogPosition,
  { change }: EpochPurpose,
  { epochKey, statements }: StagedEpoch,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  return session.append((position) => {
    const isDone = position.kid !== undefined && equalBytes(position.kid, epochKey.kid);
    if (isDone || !hasSamePeople(position, staged)) return ok(undefined);
    return ok({
      bodies: [{ edits: [], statements }],
      change: { ...change, epoch: epochKey.epoch },
      epochKey,
    });
  }, signal);
}

const hasSamePeople = (position: LogPosition, staged: LogPosition): boolean =>
  position.epoch === staged.epoch &&
  position.members === staged.members &&
  position.invites === staged.invites;
