import type { InviteLink } from '../crypto/invite-fragment.js';
import { mayWrite } from '../model/roles.js';
import type { BudgetDocument } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';
import type { SyncFailure } from '../sync/sync-failure.js';
import { takeUp } from './find-joiners.js';
import { finishJoining } from './finish-joining.js';
import { comparePeople, findJoining, peopleEvent, type PeopleDifference } from './judge-people.js';
import { mendEpoch } from './mend-epoch.js';
import { mendWraps } from './mend-wraps.js';
import { ownMember, positionOf, type PeopleDeps } from './people-deps.js';
import { startEpoch } from './start-epoch.js';

export interface Tending {
  /** The link that this user came with, until the log knows them. */
  readonly link?: InviteLink | undefined;
  /** This device has just created the budget: nobody else can have changed anything. */
  readonly isNew: boolean;
  /**
   * Whether to look at the wraps as well, one read for each: whoever lets somebody in, joins or
   * starts an epoch wraps the key, so only a failure on their way leaves anything to do.
   */
  readonly checksWraps: boolean;
}

/**
 * One look at the people of a budget, after the log was read: finishes what was begun (own
 * joining, that of others, an epoch after somebody left, wraps that are missing), and holds
 * what the server says against what members have signed. Answers with the number of entries
 * that it appended.
 */
export async function tendPeople(
  deps: PeopleDeps,
  { link, isNew, checksWraps }: Tending,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  if (isNew) return nameDevice(deps, signal);
  let appended = 0;
  const steps: readonly (() => Promise<Result<number, SyncFailure>>)[] = [
    () => (link ? finishJoining(deps, link, signal) : Promise.resolve(ok(0))),
    () => settleDifferences(deps, signal),
    () => startDueEpoch(deps, signal),
    () => nameDevice(deps, signal),
  ];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
    appended += done.value;
  }
  if (!checksWraps) return ok(appended);
  const mended = await mendWraps(deps, signal);
  return mended.ok ? ok(appended) : mended;
}

async function settleDifferences(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { log } = deps.remote;
  const first = await log.readBudget(signal);
  if (!first.ok) return first;
  // An owner may read the log of a deleted budget, and so would not notice.
  if (first.value.deleted) return deps.session.explainDeletion(signal);
  const mended = await mendEpoch(deps, first.value, signal);
  if (!mended.ok) return mended;
  const before = comparePeople(first.value, positionOf(deps));
  if (before.length === 0) return mended;
  // Log and document are read one after the other: only what differs twice does differ.
  const pulled = await deps.session.pull(signal);
  if (!pulled.ok) return pulled;
  const second = await log.readBudget(signal);
  if (!second.ok) return second;
  const after = comparePeople(second.value, positionOf(deps)).filter(({ kind, uid }) =>
    before.some((difference) => difference.kind === kind && difference.uid === uid),
  );
  let appended = mended.value;
  for (const difference of after) {
    const settled = await settleDifference(deps, difference, second.value, signal);
    if (!settled.ok) return settled;
    appended += settled.value;
  }
  return ok(appended);
}

/** Lets in who accepted an invite; reports what nobody has signed. */
async function settleDifference(
  deps: PeopleDeps,
  { kind, uid }: PeopleDifference,
  budget: BudgetDocument,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { budgetId, remote, replica, corrected } = deps;
  const position = positionOf(deps);
  const report = (event: Parameters<typeof peopleEvent>[0]): Result<number, SyncFailure> => {
    replica.reportOnce(peopleEvent(event, position.seq), uid);
    return ok(0);
  };
  if (kind === 'other_role') return report('role_differs');
  // Whoever left is settled by the epoch that follows, which not everybody may start.
  if (kind === 'not_in_document') {
    const self = ownMember(deps);
    const waits = budget.rekey || (self && !mayWrite(self.role));
    return waits ? ok(0) : report('member_missing');
  }
  if (uid === deps.identities.uid) return ok(0);
  const used = await remote.invites.listUsedBy(uid, signal);
  if (!used.ok) return used;
  const at = { budgetId, nowMs: corrected.now() };
  const joining = findJoining(uid, used.value, position, at);
  if (joining === 'forged') return report('invite_not_genuine');
  if (!joining) return report('member_unproven');
  return takeUp(deps, [joining], signal);
}

/** Replaces a key that was in use for long enough. */
async function startDueEpoch(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { settings, corrected } = deps;
  if (settings.rotateKeyAfterMs <= 0 || ownMember(deps)?.role !== 'owner') return ok(0);
  return startEpoch(
    deps,
    ({ epochStartedAt }) =>
      corrected.now() - epochStartedAt >= settings.rotateKeyAfterMs
        ? ok({ statements: [] })
        : ok(undefined),
    signal,
  );
}

async function nameDevice(
  deps: PeopleDeps,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const { settings, replica, session } = deps;
  const self = ownMember(deps);
  const name = settings.deviceName;
  if (name === undefined || !self || !mayWrite(self.role)) return ok(0);
  return session.append(
    ({ devices }) =>
      devices.get(replica.outbox.device)?.name === name
        ? ok(undefined)
        : ok({ bodies: [{ edits: [], statements: [{ type: 'device_named', name }] }] }),
    signal,
  );
}
