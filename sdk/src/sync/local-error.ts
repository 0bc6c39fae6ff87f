import type { DecodeError } from '../codec/decode-error.js';
import { SealsyncError } from '../errors.js';
import type { StoreError } from '../ports/local-store.js';
import { err, type Result } from '../result.js';

/** What the local store holds is not what this device wrote. */
export interface StoreCorrupt {
  readonly kind: 'corrupt';
  readonly message: string;
}

/** Why what an earlier run kept cannot be used. Nothing is deleted. */
export type LocalError =
  StoreError | StoreCorrupt | { readonly kind: 'upgrade_required'; readonly message: string };

export const corrupt = (what: string): Result<never, StoreCorrupt> =>
  err({
    kind: 'corrupt',
    message: `${what} in the local store cannot be read; nothing was deleted`,
  });

/** What a newer version of the app wrote stays for it to read; anything else is damaged. */
export const unreadable = (
  { kind, message }: DecodeError,
  what: string,
): Result<never, LocalError> =>
  kind === 'upgrade_required'
    ? err({ kind, message: `${message} Update the app.` })
    : corrupt(what);

export const toStoreError = ({ kind, message }: LocalError): SealsyncError =>
  kind === 'upgrade_required'
    ? new SealsyncError(kind, message)
    : new SealsyncError('store_unavailable', `${message}.`);
