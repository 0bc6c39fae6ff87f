import { SealsyncError } from './errors.js';

/** As the security rules have it for what cannot be undone. */
const RECENT_S = 15 * 60;

/**
 * Throws `sign_in_again` if a fresh ID token says that its user signed in longer ago than the
 * security rules allow. A token that does not tell is left for them to judge.
 */
export async function requireRecentSignIn(user: {
  getIdToken(forceRefresh?: boolean): Promise<string>;
}): Promise<void> {
  const claims = readClaims(await user.getIdToken(true));
  const { auth_time: signedInAt, iat: now } = claims;
  if (typeof signedInAt !== 'number' || typeof now !== 'number') return;
  if (now - signedInAt < RECENT_S) return;
  throw new SealsyncError(
    'sign_in_again',
    'This needs a sign-in of the last 15 minutes: let the user sign in again, then repeat it.',
  );
}

/** Read, not verified: the server does that. */
function readClaims(token: string): { readonly auth_time?: unknown; readonly iat?: unknown } {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
