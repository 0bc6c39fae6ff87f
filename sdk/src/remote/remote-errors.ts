import { FirebaseError } from 'firebase/app';
import type { RemoteError, RemoteErrorKind } from '../ports/remote-log.js';

const KIND_OF_CODE: ReadonlyMap<string, RemoteErrorKind> = new Map([
  ['permission-denied', 'denied'],
  ['unavailable', 'offline'],
  ['auth/network-request-failed', 'offline'],
  ['deadline-exceeded', 'deadline'],
  ['cancelled', 'deadline'],
  // Contention: another commit touched the same documents. Nobody says which one won.
  ['aborted', 'deadline'],
  ['resource-exhausted', 'quota'],
  ['auth/too-many-requests', 'quota'],
  ['auth/quota-exceeded', 'quota'],
  ['unauthenticated', 'unauthenticated'],
]);

const OUTCOME_OF_KIND: Readonly<Record<RemoteErrorKind, string>> = {
  denied: 'was refused by the security rules',
  offline: 'did not reach Firestore',
  deadline: 'was not answered in time',
  quota: 'was refused because a quota is used up',
  unauthenticated: 'was refused for want of a valid session',
  failed: 'failed',
};

/**
 * Turns whatever Firebase threw into an error of the kit. Only the code is passed on:
 * Firebase's own messages can quote what was sent.
 */
export function toRemoteError(operation: string, thrown: unknown): RemoteError {
  const code = thrown instanceof FirebaseError ? thrown.code : 'unexpected';
  const kind = isUnreachable(thrown) ? 'offline' : kindOf(code);
  return { kind, message: `${operation} ${OUTCOME_OF_KIND[kind]} (${code})` };
}

function kindOf(code: string): RemoteErrorKind {
  const kind = KIND_OF_CODE.get(code);
  if (kind) return kind;
  // Every other failure of Firebase Auth means that it has no token to send.
  return code.startsWith('auth/') ? 'unauthenticated' : 'failed';
}

/** A request that got no HTTP answer at all has no status text, and the code `unknown`. */
function isUnreachable(thrown: unknown): boolean {
  return (
    thrown instanceof FirebaseError &&
    thrown.code === 'unknown' &&
    thrown.message.endsWith('Request failed with error: undefined')
  );
}
