import { CLOSE_CODES } from '@sealsync/protocol';
import { createSignalingServer } from '@sealsync/signaling-server';
import type { SignalingServer } from '@sealsync/signaling-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../sdk/src/testing/virtual-clock.js';
import { signInPerson } from '../log/signed-in-person.js';
import type { SignedInPerson } from '../log/signed-in-person.js';
import { readEmulatorHosts } from '../setup/emulators.js';
import { writeBudget } from './budget-documents.js';
import { connectClient, enterBudget } from './signaling-client.js';

const HEAD = {
  seq: 7,
  epoch: 1,
  head8: '0011223344556677',
  mac8: '8899aabbccddeeff',
} as const;
const DAY_MS = 24 * 3_600_000;
const JOINED = { type: 'system', notice: 'joined' } as const;

let ann: SignedInPerson;
let ben: SignedInPerson;
let clock: VirtualClock;
let server: SignalingServer;
let port: number;

beforeAll(async () => {
  [ann, ben] = await Promise.all([signInPerson(), signInPerson()]);
});
afterAll(() => Promise.all([ann.close(), ben.close()]));

beforeEach(async () => {
  const { authHost, firestoreHost, projectId } = readEmulatorHosts();
  vi.stubEnv('FIREBASE_AUTH_EMULATOR_HOST', authHost);
  clock = new VirtualClock(Date.now());
  server = createSignalingServer({
    projectId,
    host: '127.0.0.1',
    port: 0,
    firestoreEmulatorHost: firestoreHost,
    // Virtual hours pass faster than the emulator can answer.
    limits: { membershipTimeoutMs: DAY_MS, membershipIntervalMs: DAY_MS },
    clock: {
      now: () => clock.now(),
      schedule: (run, delayMs) => {
        const id = clock.setTimeout(run, delayMs);
        return () => {
          clock.clearTimeout(id);
        };
      },
    },
  });
  ({ port } = await server.listen());
});
afterEach(async () => {
  // Clients of a test that failed do not answer; nobody waits for them.
  const closed = server.close();
  await clock.advance(10_000);
  await closed;
  vi.unstubAllEnvs();
});

/** An ID token as only the emulator accepts it: unsigned, `claims` as they are. */
function makeUnsignedToken(claims: Readonly<Record<string, unknown>>): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

function readClaims(token: string): Record<string, unknown> {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

describe('a signaling server beside Firebase', () => {
  it('lets two members of a budget hear each other, whom Auth and Firestore vouch for', async () => {
    const budgetId = await writeBudget({ [ann.uid]: 'owner', [ben.uid]: 'editor' });
    const first = await enterBudget(port, await ann.user.getIdToken(), budgetId);
    expect(await first.next()).toEqual(JOINED);
    const second = await enterBudget(port, await ben.user.getIdToken(), budgetId);
    expect(await second.next()).toEqual(JOINED);
    expect((await first.next()).type).toBe('connected');
    second.send({ type: 'data_changed', ...HEAD });
    expect(await first.next()).toMatchObject({ type: 'data_changed', ...HEAD });
    expect(server.stats()).toMatchObject({ connections: 2, rooms: 1, membershipReads: 2 });

    const third = await enterBudget(port, await ann.user.getIdToken(), budgetId);
    expect(await third.next()).toEqual(JOINED);
    expect(await third.next()).toEqual({ type: 'data_changed', ...HEAD });
  });

  it("closes with 4403 on somebody else's budget, and on one that does not exist", async () => {
    const budgetId = await writeBudget({ [ann.uid]: 'owner' });
    const token = await ben.user.getIdToken();
    for (const id of [budgetId, 'f'.repeat(32)]) {
      const client = await enterBudget(port, token, id);
      expect(await client.closed).toBe(CLOSE_CODES.forbidden.code);
    }
    expect(server.stats().rooms).toBe(0);
  });

  it('puts a removed member out when the members are said to have changed', async () => {
    const budgetId = await writeBudget({ [ann.uid]: 'owner', [ben.uid]: 'editor' });
    const owner = await enterBudget(port, await ann.user.getIdToken(), budgetId);
    expect(await owner.next()).toEqual(JOINED);
    const removed = await enterBudget(port, await ben.user.getIdToken(), budgetId);
    expect(await removed.next()).toEqual(JOINED);
    expect((await owner.next()).type).toBe('connected');

    await writeBudget({ [ann.uid]: 'owner' }, budgetId);
    owner.send({ type: 'membership_changed' });
    expect((await removed.next()).type).toBe('membership_changed');
    await clock.advance(1_000);
    expect(await removed.closed).toBe(CLOSE_CODES.forbidden.code);
    expect((await owner.next()).type).toBe('disconnected');
  });

  it('takes no news of the log from a viewer', async () => {
    const budgetId = await writeBudget({ [ann.uid]: 'owner', [ben.uid]: 'viewer' });
    const viewer = await enterBudget(port, await ben.user.getIdToken(), budgetId);
    expect(await viewer.next()).toEqual(JOINED);
    viewer.send({ type: 'data_changed', ...HEAD });
    expect(await viewer.next()).toEqual({ type: 'error', reason: 'forbidden' });
  });

  it('closes with 4401 when a token runs out, unless a fresh one came in time', async () => {
    const budgetId = await writeBudget({ [ann.uid]: 'owner', [ben.uid]: 'editor' });
    const token = await ann.user.getIdToken();
    const lapsing = await enterBudget(port, token, budgetId);
    expect(await lapsing.next()).toEqual(JOINED);
    const refreshed = await enterBudget(port, token, budgetId);
    expect(await refreshed.next()).toEqual(JOINED);
    const claims = readClaims(token);
    const later = makeUnsignedToken({ ...claims, exp: Number(claims['exp']) + 3_600 });
    refreshed.send({ type: 'auth', token: later });
    expect(await refreshed.next()).toEqual({ type: 'system', notice: 'authenticated' });

    await clock.advance(3_600_000);
    expect(await lapsing.closed).toBe(CLOSE_CODES.unauthenticated.code);
    refreshed.send({ type: 'ping', n: 1 });
    for (let message = await refreshed.next(); message.type !== 'pong';) {
      message = await refreshed.next();
    }
  });

  it.each([
    ['expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['of another project', { aud: 'another', iss: 'https://securetoken.google.com/another' }],
    ['of nobody that Auth knows', { sub: 'nobody', user_id: 'nobody' }],
  ])('closes a connection with a token that is %s with 4401 at once', async (_, changes) => {
    const claims = readClaims(await ann.user.getIdToken());
    const client = await connectClient(port, makeUnsignedToken({ ...claims, ...changes }));
    expect(await client.closed).toBe(CLOSE_CODES.unauthenticated.code);
  });

  it('refuses the fresh token of another user with 4401', async () => {
    const client = await connectClient(port, await ann.user.getIdToken());
    client.send({ type: 'auth', token: await ben.user.getIdToken() });
    expect(await client.closed).toBe(CLOSE_CODES.unauthenticated.code);
  });
});
