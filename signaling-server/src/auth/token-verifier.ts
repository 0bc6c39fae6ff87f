import type { Result } from '../result.js';

/** Who a verified token speaks for, and until when (ms since the Unix epoch). */
export interface Identity {
  readonly uid: string;
  readonly expiresAtMs: number;
}

/**
 * - `invalid`: forged, malformed, of another project, revoked.
 * - `expired`: once valid.
 * - `unavailable`: nobody can tell now; the issuer's keys could not be fetched.
 */
export type TokenFailure = 'invalid' | 'expired' | 'unavailable';

export interface TokenVerifier {
  verify(token: string): Promise<Result<Identity, { readonly kind: TokenFailure }>>;
}
