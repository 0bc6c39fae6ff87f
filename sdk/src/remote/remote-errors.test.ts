import { FirebaseError } from 'firebase/app';
import { describe, expect, it } from 'vitest';
import { toRemoteError } from './remote-errors.js';

describe('an error of Firebase', () => {
  it.each([
    ['permission-denied', 'denied'],
    ['unavailable', 'offline'],
    ['deadline-exceeded', 'deadline'],
    ['cancelled', 'deadline'],
    ['aborted', 'deadline'],
    ['resource-exhausted', 'quota'],
    ['unauthenticated', 'unauthenticated'],
    ['auth/network-request-failed', 'offline'],
    ['auth/too-many-requests', 'quota'],
    ['auth/user-token-expired', 'unauthenticated'],
    ['invalid-argument', 'failed'],
    ['unknown', 'failed'],
  ])('%s becomes %s, with nothing of its own message', (code, kind) => {
    const error = toRemoteError('Reading the log', new FirebaseError(code, 'canary'));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(/^Reading the log .*\)$/);
    expect(error.message).not.toContain('canary');
    expect(error.message).toContain(code);
  });

  it('is `failed` where something else was thrown', () => {
    const error = toRemoteError('Reading the log', new TypeError('canary'));
    expect(error).toEqual({ kind: 'failed', message: 'Reading the log failed (unexpected)' });
  });
});
