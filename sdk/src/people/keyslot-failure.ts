import type { OpenKeyslotError } from '../crypto/keyslot.js';
import { SealsyncError } from '../errors.js';
import type { RemoteError } from '../ports/remote-log.js';
import { toSealsyncError } from '../sync/sync-failure.js';

const MESSAGES = {
  wrong_secret: 'This opens none of the keyslots: check it and try again, or use another secret.',
  weak_parameters:
    'A keyslot asks for too little work to be safe and is not opened: use another secret, and set this one again.',
  upgrade_required: 'A newer version of the app made this keyslot: update the app.',
} as const satisfies Record<Exclude<OpenKeyslotError['kind'], 'kdf_failed'>, string>;

/** Why a slot did not open or could not be sealed; only a failed KDF has a message of its own. */
export function unlockFailed({ kind, message }: OpenKeyslotError): SealsyncError {
  return kind === 'kdf_failed'
    ? new SealsyncError('failed', message)
    : new SealsyncError(kind, MESSAGES[kind]);
}

export const noKeyslots = (): SealsyncError =>
  new SealsyncError('keyslots_missing', 'This user has no keyslots yet: create them first.');

export const keyslotsExist = (): SealsyncError =>
  new SealsyncError('keyslots_exist', 'This user has keyslots already: unlock them instead.');

export const keyslotsChanged = (): SealsyncError =>
  new SealsyncError(
    'keyslots_changed',
    'Another device changed this keyslot meanwhile, and nothing was stored: unlock and try again.',
  );

export const rotationPending = (): SealsyncError =>
  new SealsyncError(
    'rotation_pending',
    'A change of identity has begun and has to be finished first, with the passphrase it was begun under. Abandon it if nobody knows that any more.',
  );

export const lastSlot = (): SealsyncError =>
  new SealsyncError(
    'last_slot',
    'A passphrase or a recovery phrase has to stay: add the other one before you remove this one.',
  );

export const keyslotsClosed = (): SealsyncError =>
  new SealsyncError('closed', 'These keyslots are closed: open them again.');

export const stillLocked = (): SealsyncError =>
  new SealsyncError('locked', 'The identity is locked: unlock it first.');

/** Nobody could be asked whether the change was stored: either secret may be the one. */
export const outcomeUnknown = (error: RemoteError): SealsyncError =>
  new SealsyncError(
    toSealsyncError(error).kind,
    `${error.message}. It may have been stored nevertheless: when there is a connection, try what is new first, then what was there before.`,
  );
