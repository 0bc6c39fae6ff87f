import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import { err, ok } from '../result.js';
import type { Result } from '../result.js';
import type { TokenFailure, TokenVerifier } from './token-verifier.js';

export interface FirebaseTokenVerifier extends TokenVerifier {
  close(): Promise<void>;
}

export interface FirebaseTokenVerifierOptions {
  readonly projectId: string;
  /** How Google's signing certificates are fetched, for machines behind a proxy. */
  readonly httpAgent?: Agent;
}

/**
 * Firebase ID tokens by firebase-admin, which needs the project's id and no
 * credential. While FIREBASE_AUTH_EMULATOR_HOST is set it accepts the emulator's
 * unsigned tokens instead.
 */
export function createFirebaseTokenVerifier(
  options: FirebaseTokenVerifierOptions,
): FirebaseTokenVerifier {
  const app = initializeApp(options, `sealsync-signaling-${randomUUID()}`);
  const auth = getAuth(app);
  let closing: Promise<void> | undefined;
  return {
    async verify(token) {
      try {
        const decoded = await auth.verifyIdToken(token);
        return ok({ uid: decoded.uid, expiresAtMs: decoded.exp * 1000 });
      } catch (error) {
        return classifyFailure(error);
      }
    },
    close: () => (closing ??= deleteApp(app)),
  };
}

/**
 * firebase-admin reports keys that it could not fetch under the code of a bad
 * argument, so that only the start of the message tells; anything unknown is a refusal.
 */
function classifyFailure(error: unknown): Result<never, { readonly kind: TokenFailure }> {
  if (!(error instanceof Error)) return err('invalid');
  const code = 'code' in error ? error.code : undefined;
  if (code === 'auth/id-token-expired') return err('expired');
  const unreachable =
    (typeof code === 'string' && code.startsWith('app/network')) ||
    /^Error (fetching public keys|while making request)/.test(error.message);
  return err(unreachable ? 'unavailable' : 'invalid');
}
