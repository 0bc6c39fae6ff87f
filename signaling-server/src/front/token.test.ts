import { request } from 'node:http';
import {
  BEARER_SUBPROTOCOL_PREFIX,
  CLOSE_CODES,
  MAX_TOKEN_LENGTH,
  offeredSubprotocols,
  SIGNALING_SUBPROTOCOL,
} from '@sealsync/protocol';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../logger.js';
import { TestClient } from '../testing/test-client.js';
import { BUDGET, startTestServer } from '../testing/test-server.js';

const HOUR_MS = 3_600_000;

/** The HTTP status with which an upgrade is answered. */
function statusOfUpgrade(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const upgrade = request({
      port,
      host: '127.0.0.1',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    upgrade.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    upgrade.once('upgrade', (_, socket) => {
      socket.destroy();
      resolve(101);
    });
    upgrade.once('error', reject);
    upgrade.end();
  });
}

describe('the handshake', () => {
  it('selects sealsync.v1, and never echoes the token', async () => {
    const { connect } = await startTestServer();
    const client = connect('ann');
    await client.opened;
    expect(client.ws.protocol).toBe(SIGNALING_SUBPROTOCOL);
  });

  it.each([
    ['nothing offered', undefined, 400],
    ['another protocol', 'graphql-ws, bearer.x', 400],
    ['no token', SIGNALING_SUBPROTOCOL, 401],
    ['an empty token', `${SIGNALING_SUBPROTOCOL}, ${BEARER_SUBPROTOCOL_PREFIX}`, 401],
    ['two tokens', `${SIGNALING_SUBPROTOCOL}, bearer.a, bearer.b`, 401],
    ['a list that is not one', `${SIGNALING_SUBPROTOCOL}, bearer.a,, "`, 400],
  ])('%s -> refused', async (_, offered, status) => {
    const { port, server } = await startTestServer();
    const headers = offered === undefined ? {} : { 'sec-websocket-protocol': offered };
    expect(await statusOfUpgrade(port, headers)).toBe(status);
    expect(server.stats()).toMatchObject({ connections: 0, accepted: 0 });
  });

  it('a token in the URL or in a header of its own counts for nothing', async () => {
    const { port, directory, clock } = await startTestServer();
    const token = directory.issueToken('ann', clock.now() + HOUR_MS);
    const headers = { authorization: `Bearer ${token}`, 'sec-websocket-protocol': 'sealsync.v1' };
    expect(await statusOfUpgrade(port, headers)).toBe(401);
  });

  it('a token that does not verify -> 4401, which a page can see, and no frame is judged', async () => {
    const { port, server } = await startTestServer();
    const client = TestClient.withToken(port, 'forged');
    client.opened.then(
      () => {
        client.send({ type: 'connected', budgetId: BUDGET });
      },
      () => undefined,
    );
    expect((await client.closed).code).toBe(CLOSE_CODES.unauthenticated.code);
    expect(server.stats()).toMatchObject({ messagesIn: 0, accepted: 0, refused: 1 });
  });

  it('a token over the limit -> 4401, without asking anybody', async () => {
    const { port } = await startTestServer();
    const client = TestClient.withToken(port, 'x'.repeat(MAX_TOKEN_LENGTH + 1));
    expect((await client.closed).code).toBe(CLOSE_CODES.unauthenticated.code);
  });

  it('keys that cannot be fetched -> 1013: the client keeps its token and comes back', async () => {
    const { port } = await startTestServer({
      tokenVerifier: { verify: () => Promise.reject(new Error('network')) },
    });
    const client = TestClient.withToken(port, 'good');
    expect((await client.closed).code).toBe(CLOSE_CODES.overloaded.code);
  });

  it('a verifier that never answers -> 1013 after the deadline', async () => {
    const { port, clock } = await startTestServer({
      limits: { handshakeDeadlineMs: 1_000 },
      tokenVerifier: { verify: () => new Promise(() => undefined) },
    });
    const client = TestClient.withToken(port, 'good');
    while (clock.pendingTimers === 0) await new Promise(setImmediate);
    clock.advance(1_000);
    expect((await client.closed).code).toBe(CLOSE_CODES.overloaded.code);
  });

  it('pages of other origins are refused where a list is given; programs send no origin', async () => {
    const { port, directory, clock } = await startTestServer({
      allowedOrigins: ['https://app.example'],
    });
    const token = directory.issueToken('ann', clock.now() + HOUR_MS);
    const offer = { 'sec-websocket-protocol': offeredSubprotocols(token).join(', ') };
    expect(await statusOfUpgrade(port, { ...offer, origin: 'https://evil.example' })).toBe(403);
    expect(await statusOfUpgrade(port, { ...offer, origin: 'null' })).toBe(403);
    expect(await statusOfUpgrade(port, { ...offer, origin: 'https://app.example' })).toBe(101);
    expect(await statusOfUpgrade(port, offer)).toBe(101);
  });

  it('more connections than allowed -> 503', async () => {
    const { port, connect } = await startTestServer({ limits: { maxConnections: 1 } });
    await connect('ann').opened;
    expect(await statusOfUpgrade(port, { 'sec-websocket-protocol': 'sealsync.v1, bearer.x' })).toBe(
      503,
    );
  });
});

describe('a token that ends', () => {
  it('-> 4401 on the dot', async () => {
    const { enter, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    clock.advance(HOUR_MS - 1);
    await ann.hearAll();
    clock.advance(1);
    expect(await ann.next()).toEqual({ type: 'error', reason: 'unauthenticated' });
    expect((await ann.closed).code).toBe(CLOSE_CODES.unauthenticated.code);
  });

  it('is replaced in band: the connection lives on, and reads use the fresh one', async () => {
    const { enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const fresh = directory.issueToken('ann', clock.now() + 2 * HOUR_MS);
    ann.send({ type: 'auth', token: fresh });
    expect(await ann.next()).toEqual({ type: 'system', notice: 'authenticated' });
    clock.advance(HOUR_MS);
    await ann.hearAll();
    expect(directory.tokensUsed.at(-1)).toBe(fresh);
    clock.advance(HOUR_MS);
    expect((await ann.closed).code).toBe(CLOSE_CODES.unauthenticated.code);
  });

  it.each(['ben', undefined])('cannot be replaced by the token of %s -> 4401', async (uid) => {
    const { enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const token = uid ? directory.issueToken(uid, clock.now() + HOUR_MS) : 'forged';
    ann.send({ type: 'auth', token });
    expect(await ann.next()).toEqual({ type: 'error', reason: 'unauthenticated' });
    expect((await ann.closed).code).toBe(CLOSE_CODES.unauthenticated.code);
  });
});

describe('the log', () => {
  it('holds neither tokens nor budgets nor users', async () => {
    const lines: string[] = [];
    const note: Logger['info'] = (data, message) => lines.push(JSON.stringify([data, message]));
    const { enter, connect, server, directory } = await startTestServer({
      logger: { info: note, warn: note, error: note },
    });
    const ann = await enter(BUDGET, 'uid-of-ann');
    ann.sendText('{"type":"canary-text"}');
    await ann.closed;
    const ben = connect('uid-of-ben');
    await ben.opened;
    ben.send({ type: 'connected', budgetId: BUDGET });
    await ben.closed;
    await server.close();
    const log = lines.join('\n');
    expect(log).toContain('badMessage');
    for (const secret of [...directory.tokensUsed, BUDGET, 'uid-of-ann', 'uid-of-ben', 'canary']) {
      expect(log).not.toContain(secret);
    }
  });
});
