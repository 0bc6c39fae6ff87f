import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { MAX_TOKEN_LENGTH } from '@sealsync/protocol';
import { UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSignalingServer } from '../signaling-server.js';
import { startKeyIssuer } from '../testing/key-issuer.js';
import type { KeyIssuer } from '../testing/key-issuer.js';
import { TestClient } from '../testing/test-client.js';
import { createFirebaseTokenVerifier } from './firebase-token-verifier.js';
import type { FirebaseTokenVerifier } from './firebase-token-verifier.js';

const PROJECT = 'household-prod';

let issuer: KeyIssuer;
let verifier: FirebaseTokenVerifier;

beforeAll(async () => {
  issuer = await startKeyIssuer();
});
afterAll(() => issuer.close());

beforeEach(() => {
  vi.stubEnv('FIREBASE_AUTH_EMULATOR_HOST', undefined);
  issuer.mode = 'keys';
  verifier = createFirebaseTokenVerifier({ projectId: PROJECT, httpAgent: issuer.agent });
});
afterEach(async () => {
  await verifier.close();
  vi.unstubAllEnvs();
});

/** What Firebase Auth puts into an ID token of `PROJECT`; times in s since the Unix epoch. */
function claimsOf(changes: JWTPayload = {}): JWTPayload {
  const nowS = Math.floor(Date.now() / 1000);
  return {
    iss: `https://securetoken.google.com/${PROJECT}`,
    aud: PROJECT,
    sub: 'ann',
    auth_time: nowS - 60,
    iat: nowS - 60,
    exp: nowS + 3_540,
    ...changes,
  };
}

const PADDING = randomBytes(2_900).toString('base64');

describe('the production verifier', () => {
  it('accepts a token of the project, and says whose it is and until when', async () => {
    const claims = claimsOf();
    expect(await verifier.verify(await issuer.sign(claims))).toEqual({
      ok: true,
      value: { uid: 'ann', expiresAtMs: Number(claims.exp) * 1000 },
    });
  });

  it('refuses a token that somebody else signed', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const forged = await issuer.sign(claimsOf(), privateKey);
    expect(await verifier.verify(forged)).toEqual({ ok: false, error: { kind: 'invalid' } });
  });

  it('refuses a token whose claims were exchanged under a true signature', async () => {
    const [header, , signature] = (await issuer.sign(claimsOf())).split('.');
    const [, payload] = (await issuer.sign(claimsOf({ sub: 'mallory' }))).split('.');
    const spliced = [header, payload, signature].join('.');
    expect(await verifier.verify(spliced)).toEqual({ ok: false, error: { kind: 'invalid' } });
  });

  it('refuses an expired token, and says so', async () => {
    const token = await issuer.sign(claimsOf({ exp: Math.floor(Date.now() / 1000) - 1 }));
    expect(await verifier.verify(token)).toEqual({ ok: false, error: { kind: 'expired' } });
  });

  it.each([
    ['another audience', { aud: 'another-project' }],
    ['another issuer', { iss: 'https://securetoken.google.com/another-project' }],
    ['no subject', { sub: '' }],
  ])('refuses %s under a true signature', async (_, changes) => {
    const token = await issuer.sign(claimsOf(changes));
    expect(await verifier.verify(token)).toEqual({ ok: false, error: { kind: 'invalid' } });
  });

  it('refuses an unsigned token, as the Auth emulator makes them', async () => {
    const unsigned = new UnsecuredJWT(claimsOf()).encode();
    const withKeyId = [
      Buffer.from('{"alg":"none","kid":"local-key"}').toString('base64url'),
      ...unsigned.split('.').slice(1),
    ].join('.');
    for (const token of [unsigned, withKeyId]) {
      expect(await verifier.verify(token)).toEqual({ ok: false, error: { kind: 'invalid' } });
    }
  });

  it.each(['', 'x', 'a.b.c', '..', 'bnVsbA.bnVsbA.bnVsbA', 'e30.e30.e30.'])(
    'refuses %j without throwing',
    async (token) => {
      expect(await verifier.verify(token)).toEqual({ ok: false, error: { kind: 'invalid' } });
    },
  );

  it.each(['server_error', 'unreachable'] as const)(
    'says that it cannot tell while the keys are out of reach (%s)',
    async (mode) => {
      issuer.mode = mode;
      const token = await issuer.sign(claimsOf());
      expect(await verifier.verify(token)).toEqual({ ok: false, error: { kind: 'unavailable' } });
    },
  );

  it('lets a token of over 4 kB through the handshake', async () => {
    const server = createSignalingServer({
      projectId: PROJECT,
      host: '127.0.0.1',
      port: 0,
      tokenVerifier: verifier,
      membershipReader: {
        read: () => Promise.resolve({ ok: true, value: { role: 'editor' } }),
      },
    });
    const { port } = await server.listen();
    const token = await issuer.sign(claimsOf({ household: PADDING }));
    expect(token.length).toBeGreaterThan(4_096);
    expect(token.length).toBeLessThanOrEqual(MAX_TOKEN_LENGTH);
    const client = TestClient.withToken(port, token);
    await client.join('0123456789abcdef0123456789abcdef');
    client.send({ type: 'auth', token });
    expect(await client.next()).toEqual({ type: 'system', notice: 'authenticated' });
    await server.close();
  });
});
