import { execFile } from 'node:child_process';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseClientMessage } from '@sealsync/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { VirtualClock } from '../testing/virtual-clock.js';
import { SignalingClient } from './signaling-client.js';
import type { WebSocketConstructor } from './web-socket-link.js';

const budgetId = '0123456789abcdef0123456789abcdef';
type Fits<T extends WebSocketConstructor> = T;
/** Compiles only while the platform's WebSocket has the shape that the client asks for. */
export type PlatformFits = Fits<typeof globalThis.WebSocket>;

const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Resolves once `condition` holds; the test's own timeout is the limit. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

/** A small server over real sockets: lets everyone in, answers pings, keeps what it heard. */
async function startServer() {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: () => 'sealsync.v1',
  });
  const heard: string[] = [];
  const offered: (string | undefined)[] = [];
  server.on('connection', (socket, request) => {
    offered.push(request.headers['sec-websocket-protocol']);
    socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      heard.push(text);
      const parsed = parseClientMessage(text);
      if (!parsed.ok) {
        socket.close(4400);
        return;
      }
      const { message } = parsed;
      if (message.type === 'connected') socket.send('{"type":"system","notice":"joined"}');
      if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong', n: message.n }));
      if (message.type === 'sync_required') socket.send(text);
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  cleanUps.push(async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return { server, heard, offered, port: portOf(server) };
}

const portOf = (server: { address(): AddressInfo | string | null }): number =>
  (server.address() as AddressInfo).port;

/** Passes bytes on until told to swallow them, as a router that lost its state does. */
async function startProxy(targetPort: number) {
  let swallows = false;
  const sockets: Socket[] = [];
  const pass = (from: Socket, to: Socket): void => {
    sockets.push(from);
    from.on('data', (bytes) => {
      if (!swallows) to.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      if (!swallows) to.destroy();
    });
  };
  const proxy: Server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });
  return {
    port: portOf(proxy),
    swallow: (on: boolean) => {
      swallows = on;
    },
  };
}

function makeClient(webSocket: WebSocketConstructor = WebSocket) {
  const clock = new VirtualClock();
  const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0.5 };
  const client = new SignalingClient({ clock, random, webSocket });
  const state = (): string => client.getStatus().state;
  cleanUps.push(async () => {
    client.disconnect();
    await until(() => clock.pendingTimers === 0);
  });
  const join = async (port: number): Promise<void> => {
    void client.connect({
      url: `ws://127.0.0.1:${String(port)}`,
      budgetId,
      getToken: () => 'to.k.en',
    });
    await until(() => state() === 'connected');
  };
  return { clock, client, state, join };
}

describe('over real sockets', () => {
  it('joins with the token as a subprotocol, sends and hears signals, and takes its leave', async () => {
    const { server, heard, offered, port } = await startServer();
    const { client, join } = makeClient();
    await join(port);
    expect(offered).toEqual(['sealsync.v1,bearer.to.k.en']);
    const signals: string[] = [];
    client.onSignal(({ type }) => signals.push(type));
    expect(client.sendSignal('sync_required')).toBe(true);
    await until(() => signals.length > 0);
    expect(signals).toEqual(['sync_required']);
    expect(heard).toEqual([
      `{"type":"connected","budgetId":"${budgetId}"}`,
      '{"type":"sync_required"}',
    ]);
    const [socket] = server.clients;
    const leaving = new Promise((resolve) => socket?.once('close', resolve));
    client.disconnect();
    expect(await leaving).toBe(1000);
  });

  it('notices a connection whose bytes vanish, and makes a new one', async () => {
    const { offered, port } = await startServer();
    const proxy = await startProxy(port);
    const { clock, client, state, join } = makeClient();
    await join(proxy.port);
    await clock.advance(30_000);
    await until(() => client.getStatus().lastHeartbeat !== undefined);

    proxy.swallow(true);
    await clock.advance(30_000);
    expect(state()).toBe('connected');
    await clock.advance(5_000);
    expect(state()).toBe('reconnecting');
    expect(client.getStatus().error?.kind).toBe('offline');

    proxy.swallow(false);
    await clock.advance(500);
    await until(() => state() === 'connected');
    expect(offered).toHaveLength(2);
    expect(client.getMetrics().reconnects).toBe(1);
  });

  it('gives up a handshake that nobody answers', async () => {
    const silent = createServer((socket) => {
      cleanUps.push(() => {
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanUps.push(async () => {
      await new Promise((resolve) => silent.close(resolve));
    });
    const { clock, client, state } = makeClient();
    const url = `ws://127.0.0.1:${String(portOf(silent))}`;
    void client.connect({ url, budgetId, getToken: () => 'to.k.en' });
    await new Promise((resolve) => silent.once('connection', resolve));
    await clock.advance(10_000);
    expect(state()).toBe('reconnecting');
  });

  it('comes back after the server was killed', async () => {
    const { server, port } = await startServer();
    const { clock, state, join } = makeClient();
    await join(port);
    for (const socket of server.clients) socket.terminate();
    await until(() => state() === 'reconnecting');
    await clock.advance(500);
    await until(() => state() === 'connected');
  });

  it('lets a process end once it disconnected, from a server that no longer answers, too', async () => {
    const { port } = await startServer();
    const proxy = await startProxy(port);
    const service = fileURLToPath(new URL('../web-socket-signaling-service.ts', import.meta.url));
    const script = `
      import { WebSocket } from 'ws';
      import { WebSocketSignalingService } from ${JSON.stringify(service)};
      const service = new WebSocketSignalingService({ webSocket: WebSocket });
      const url = 'ws://127.0.0.1:${String(proxy.port)}';
      console.log(await service.connect({ url, budgetId: '${budgetId}', getToken: () => 'to.k.en' }));
      process.stdin.once('data', () => { service.disconnect(); process.stdin.destroy(); });
    `;
    const flags = ['--conditions=sealsync-source', '--import', 'tsx', '--input-type=module'];
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const running = promisify(execFile)(process.execPath, [...flags, '--eval', script], { cwd });
    const { stdout, stdin } = running.child;
    await new Promise((resolve) => stdout?.once('data', resolve));
    proxy.swallow(true);
    stdin?.write('go\n');
    expect((await running).stdout).toBe('connected\n');
  });
});
