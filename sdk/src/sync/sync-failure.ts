import { SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { StoreError } from '../ports/local-store.js';
import type { RemoteError } from '../ports/remote-log.js';
import { err, type Result } from '../result.js';
import type { LogHalted } from './pull-log.js';
import type { MembershipEnd } from './standing.js';

/** The user may not write to, or no longer see, the budget. */
export interface AccessLost {
  readonly kind: 'access_denied';
  readonly message: string;
}

/** A member has signed that this device is no longer part of the budget. */
export interface Ended {
  readonly kind: 'removed' | 'budget_deleted';
  readonly message: string;
}

/** What was asked for cannot be done as things stand; asking again does not help. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: SealsyncErrorKind;
  readonly message: string;
}

/** Why a round of syncing ended early. Nothing is lost: what is pending stays in the outbox. */
export type SyncFailure = RemoteError | LogHalted | StoreError | AccessLost | Ended | Refused;

const KINDS: Readonly<Record<Exclude<SyncFailure['kind'], 'refused'>, SealsyncErrorKind>> = {
  denied: 'access_denied',
  offline: 'offline',
  deadline: 'deadline',
  quota: 'quota',
  unauthenticated: 'unauthenticated',
  failed: 'failed',
  upgrade_required: 'upgrade_required',
  key_missing: 'key_missing',
  log_halted: 'log_halted',
  conflict: 'store_unavailable',
  unavailable: 'store_unavailable',
  full: 'store_full',
  foreign: 'store_foreign',
  newer: 'store_newer',
  corrupt: 'store_corrupt',
  locked: 'locked',
  access_denied: 'access_denied',
  removed: 'removed',
  budget_deleted: 'budget_deleted',
};

const SENTENCES: Readonly<Record<MembershipEnd['kind'], string>> = {
  removed: 'An owner removed this user from the budget',
  left: 'This user left the budget',
  deleted: 'An owner deleted the budget',
  device_revoked: 'This device was revoked',
};

export const endedFailure = ({ kind }: MembershipEnd): Ended => ({
  kind: kind === 'deleted' ? 'budget_deleted' : 'removed',
  message: `${SENTENCES[kind]}: see rejectedEdits(), and wipe() to clear this device.`,
});

/** Whether nothing but a new membership can help. */
export const isEnd = ({ kind }: SyncFailure): boolean =>
  kind === 'removed' || kind === 'budget_deleted';

/** Whether trying again later may help without anybody doing anything. */
export const isTransient = ({ kind }: SyncFailure): boolean => TRANSIENT.has(kind);

const TRANSIENT: ReadonlySet<SyncFailure['kind']> = new Set([
  'offline',
  'deadline',
  'quota',
  'failed',
  // A store that is full or busy takes later what is kept in memory until then.
  'unavailable',
  'full',
]);

export const toSealsyncError = (failure: SyncFailure): SealsyncError =>
  new SealsyncError(
    failure.kind === 'refused' ? failure.reason : KINDS[failure.kind],
    failure.message.endsWith('.') ? failure.message : `${failure.message}.`,
  );

/** Why an edit was not made. */
export type EditError = StoreError | { readonly kind: 'too_large'; readonly message: string };

export const toEditFailure = (error: EditError): SealsyncError =>
  error.kind === 'too_large'
    ? new SealsyncError('too_large', `${error.message}.`)
    : toSealsyncError(error);

/** What the code was about to use has been wiped: the user locked, or the budget was closed. */
export const locked = (): Refused => ({
  kind: 'refused',
  reason: 'locked',
  message: 'The keys are locked: unlock the identity, and open the budget again.',
});

export const refuse = (reason: SealsyncErrorKind, message: string): Result<never, Refused> =>
  err({ kind: 'refused', reason, message });
