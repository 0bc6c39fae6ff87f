import { createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { CLOSE_CODES } from '@sealsync/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSignalingServer, SignalingConfigError } from '../signaling-server.js';
import { BUDGET, startTestServer } from '../testing/test-server.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('closing', () => {
  it('tells everybody when to come back, closes with 1001, frees the port and every timer', async () => {
    const { server, enter, connect, clock, port } = await startTestServer({ random: () => 0.5 });
    const ann = await enter(BUDGET, 'ann');
    const waiting = connect('ben');
    await waiting.opened;
    await Promise.all([server.close(), server.close()]);
    for (const client of [ann, waiting]) {
      expect(await client.next()).toEqual({
        type: 'system',
        notice: 'draining',
        reconnectAfterMs: 2_500,
      });
      expect((await client.closed).code).toBe(CLOSE_CODES.goingAway.code);
    }
    expect(clock.pendingTimers).toBe(0);
    expect(server.stats()).toMatchObject({ connections: 0, rooms: 0 });
    await expect(server.listen()).rejects.toThrow('closed');
    const next = createServer();
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
    next.close();
  });

  it('cuts off a client that does not answer, after the deadline', async () => {
    const { server, enter, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    ann.ws.pause();
    const closing = server.close();
    clock.advance(5_000);
    await closing;
    expect(server.stats().connections).toBe(0);
  });

  it('gives up handshakes whose token is still being verified', async () => {
    const { server, port, clock } = await startTestServer({
      tokenVerifier: { verify: () => new Promise(() => undefined) },
    });
    const socket = connectTcp(port, '127.0.0.1');
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        'Sec-WebSocket-Protocol: sealsync.v1, bearer.x\r\n\r\n',
    );
    while (clock.pendingTimers === 0) await new Promise(setImmediate);
    await server.close();
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  it('a taken port is reported to whoever listens', async () => {
    const { port } = await startTestServer();
    const second = createSignalingServer({ projectId: 'demo-sealsync', host: '127.0.0.1', port });
    await expect(second.listen()).rejects.toThrow('EADDRINUSE');
    await second.close();
  });
});

describe('health', () => {
  it('answers /healthz and /readyz, and nothing else', async () => {
    const { port } = await startTestServer();
    const statusOf = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${String(port)}${path}`)).status;
    expect(await statusOf('/healthz')).toBe(200);
    expect(await statusOf('/readyz?probe=1')).toBe(200);
    expect(await statusOf('/')).toBe(404);
  });
});

describe('starting', () => {
  it.each(['FIREBASE_AUTH_EMULATOR_HOST', 'FIRESTORE_EMULATOR_HOST'])(
    'is refused in production while %s is set: anybody could make a token',
    (name) => {
      vi.stubEnv('NODE_ENV', 'production');
      vi.stubEnv(name, '127.0.0.1:9099');
      expect(() => createSignalingServer({ projectId: 'demo-sealsync' })).toThrow(
        SignalingConfigError,
      );
    },
  );

  it('is refused with a limit that is not a positive whole number', () => {
    expect(() =>
      createSignalingServer({ projectId: 'demo-sealsync', limits: { joinDeadlineMs: 0 } }),
    ).toThrow('joinDeadlineMs');
  });
});
