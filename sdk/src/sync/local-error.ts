import type { DecodeError } from '../codec/decode-error.js';
import type { StoreError } from '../ports/local-store.js';
import { err, type Result } from '../result.js';

export const corrupt = (what: string): Result<never, StoreError> =>
  err({
    kind: 'corrupt',
    message: `${what} in the local store cannot be read; nothing was deleted`,
  });

/** What a newer version of the app wrote stays for it to read; anything else is damaged. */
export const unreadable = (
  { kind, message }: DecodeError,
  what: string,
): Result<never, StoreError> =>
  kind === 'upgrade_required'
    ? err({ kind: 'newer', message: `${message} Update the app.` })
    : corrupt(what);
