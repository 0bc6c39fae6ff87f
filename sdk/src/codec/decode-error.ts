import { type Result, err } from '../result.js';

/** `upgrade_required` if a newer version of the app may have written it: keep it, do not drop it. */
export interface DecodeError {
  readonly kind: 'malformed' | 'upgrade_required';
  readonly message: string;
}

export function malformed(what: string): Result<never, DecodeError> {
  return err({ kind: 'malformed', message: `Malformed: ${what}.` });
}

export function upgradeRequired(what: string): Result<never, DecodeError> {
  return err({ kind: 'upgrade_required', message: `A newer version is needed to read ${what}.` });
}
