import { SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { StoreError } from '../ports/local-store.js';
import type { RemoteError } from '../ports/remote-log.js';
import type { LogHalted } from './pull-log.js';

/** The user may not write to, or no longer see, the budget. */
export interface AccessLost {
  readonly kind: 'access_denied';
  readonly message: string;
}

/** Why a round of syncing ended early. Nothing is lost: what is pending stays in the outbox. */
export type SyncFailure = RemoteError | LogHalted | StoreError | AccessLost;

const KINDS: Readonly<Record<SyncFailure['kind'], SealsyncErrorKind>> = {
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
  access_denied: 'access_denied',
};

/** Whether trying again later may help without anybody doing anything. */
export const isTransient = ({ kind }: SyncFailure): boolean =>
  kind === 'offline' || kind === 'deadline' || kind === 'quota' || kind === 'failed';

export const toSealsyncError = (failure: SyncFailure): SealsyncError =>
  new SealsyncError(KINDS[failure.kind], failure.message);
