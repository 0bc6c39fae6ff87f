import { SealsyncError } from '../errors.js';

export const passkeysUnsupported = (options?: ErrorOptions): SealsyncError =>
  new SealsyncError(
    'passkey_unsupported',
    'This browser or this authenticator cannot open keyslots (WebAuthn with PRF): use another one, or a passphrase.',
    options,
  );

export const passkeyCancelled = (options?: ErrorOptions): SealsyncError =>
  new SealsyncError(
    'passkey_cancelled',
    'The passkey was not used: it was cancelled, took too long, or is not on this device. Try again, or use another secret.',
    options,
  );

/** What the platform's rejection means. Browsers keep most reasons behind `NotAllowedError`. */
export function toPasskeyFailure(error: unknown, signal: AbortSignal | undefined): SealsyncError {
  const options = { cause: error };
  // An aborted ceremony rejects with whatever reason the caller gave.
  if (signal?.aborted) return passkeyCancelled(options);
  switch (error instanceof Error ? error.name : undefined) {
    case 'NotAllowedError':
    case 'AbortError':
      return passkeyCancelled(options);
    case 'NotSupportedError':
    case 'ConstraintError':
      return passkeysUnsupported(options);
    case 'InvalidStateError':
      return new SealsyncError(
        'passkey_exists',
        'This authenticator has one of these passkeys already: unlock with it, or use another one.',
        options,
      );
    case 'SecurityError':
      return new SealsyncError(
        'bad_input',
        "The page's host has to be `rpId` or end in it, and be served over HTTPS or from localhost.",
        options,
      );
    default:
      return new SealsyncError(
        'failed',
        'The browser could not use the passkey: try again.',
        options,
      );
  }
}
