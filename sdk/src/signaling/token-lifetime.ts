/** When a JWT says that it was issued and ends, in ms since the Unix epoch by its issuer's clock. */
export interface TokenLifetime {
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Reads the payload of a JWT without verifying it; undefined for a token that is none. */
export function readTokenLifetime(token: string): TokenLifetime | undefined {
  const [, payload = ''] = token.split('.');
  let claims: unknown;
  try {
    claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined;
  }
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { exp, iat } = claims as { exp?: unknown; iat?: unknown };
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined;
  return exp > iat ? { issuedAtMs: iat * 1000, expiresAtMs: exp * 1000 } : undefined;
}

/** The shortest pause before a refresh, whatever a token or a wrong clock says. */
export const MIN_REFRESH_DELAY_MS = 30_000;

export interface RefreshTiming {
  readonly lifetime: TokenLifetime;
  readonly nowMs: number;
  /** Whether the token was made for this call, and not handed out of a cache. */
  readonly isNew: boolean;
  readonly leadMs: number;
}

/**
 * How long to wait before the next refresh: `leadMs` before the end, or half of what is
 * left of a short token. Where this device's clock contradicts the token, a new one has
 * its whole lifetime ahead, and a cached one is renewed soon.
 */
export function refreshDelayMs({ lifetime, nowMs, isNew, leadMs }: RefreshTiming): number {
  const wholeMs = lifetime.expiresAtMs - lifetime.issuedAtMs;
  const leftMs = lifetime.expiresAtMs - nowMs;
  const isPlausible = leftMs > 0 && leftMs <= wholeMs;
  const remainingMs = isPlausible ? leftMs : isNew ? wholeMs : 0;
  return Math.max(remainingMs - leadMs, remainingMs / 2, MIN_REFRESH_DELAY_MS);
}
