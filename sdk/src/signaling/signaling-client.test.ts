import { MAX_MESSAGE_BYTES } from '@sealsync/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { SealsyncError } from '../errors.js';
import type { LogData, Logger } from '../ports/logger.js';
import { playServer, ScriptedSockets } from '../testing/scripted-sockets.js';
import type { ScriptedSocket } from '../testing/scripted-sockets.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { makeToken } from '../testing/make-token.js';
import { createSignalChannel } from './create-signal-channel.js';
import { SignalingClient } from './signaling-client.js';
import type { SignalingOptions } from './signaling-client.js';

const budgetId = '0123456789abcdef0123456789abcdef';
const url = 'wss://signals.example.org/';
const HOUR_MS = 3_600_000;
const head = { seq: 7, epoch: 1, head8: '00112233445566ff', mac8: 'aabbccddeeff0011' };

/** A client on virtual time, its sockets, and everything that it reported. */
class Bench {
  readonly clock = new VirtualClock();
  readonly sockets: ScriptedSockets;
  readonly client: SignalingClient;
  readonly logged: string[] = [];
  readonly forced: boolean[] = [];
  readonly states: string[] = [];
  wake: () => void = () => undefined;
  wakeListeners = 0;
  fraction = 0.5;
  getToken: SignalingOptions['getToken'] = () =>
    makeToken({ issuedAtMs: this.clock.now(), lifetimeMs: HOUR_MS });

  constructor(onConnect?: (socket: ScriptedSocket) => void) {
    this.sockets = new ScriptedSockets(onConnect);
    const log = (message: string, data?: LogData): void => {
      this.logged.push(message + JSON.stringify(data ?? {}));
    };
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    this.client = new SignalingClient({
      clock: this.clock,
      random: { bytes: (length) => new Uint8Array(length), fraction: () => this.fraction },
      logger,
      webSocket: this.sockets.webSocket,
      wakeups: {
        onWake: (listener) => {
          this.wake = listener;
          this.wakeListeners += 1;
          return () => {
            this.wakeListeners -= 1;
          };
        },
      },
    });
    this.client.onStateChange(({ to }) => this.states.push(to));
    benches.push(this);
  }

  options(more: Partial<SignalingOptions> = {}): SignalingOptions {
    const getToken = (force: boolean): Promise<string> | string => {
      this.forced.push(force);
      return this.getToken(force);
    };
    return { url, budgetId, getToken, ...more };
  }

  async connect(more: Partial<SignalingOptions> = {}): Promise<void> {
    void this.client.connect(this.options(more));
    await this.clock.advance(0);
  }

  get state(): string {
    return this.client.getStatus().state;
  }
}

const benches: Bench[] = [];

afterEach(() => {
  for (const bench of benches.splice(0)) {
    bench.client.disconnect();
    expect(bench.state).toBe('disconnected');
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.sockets.open).toBe(0);
    expect(bench.wakeListeners).toBe(0);
  }
});

const connectedBench = async (more?: Partial<SignalingOptions>): Promise<Bench> => {
  const bench = new Bench(playServer);
  await bench.connect(more);
  expect(bench.state).toBe('connected');
  return bench;
};

const kindOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof SealsyncError ? error.kind : 'foreign';
  }
  return 'none';
};

describe('connecting', () => {
  it('is connected only once the server let the client into the budget', async () => {
    const bench = new Bench();
    await bench.connect();
    const socket = bench.sockets.last;
    expect(socket.url).toBe(url);
    expect(socket.offered[0]).toBe('sealsync.v1');
    expect(socket.offered[1]).toMatch(/^bearer\.ey/);
    socket.accept();
    expect(socket.received).toEqual([{ type: 'connected', budgetId }]);
    expect(bench.client.getStatus()).toMatchObject({ isConnected: false, state: 'connecting' });
    expect(bench.client.sendSignal('data_changed', head)).toBe(false);
    socket.say({ type: 'system', notice: 'joined' });
    expect(bench.client.getStatus()).toEqual({
      isConnected: true,
      state: 'connected',
      attempts: 0,
      lastHeartbeat: undefined,
      error: undefined,
    });
  });

  it('gives up an attempt after 10 s, wherever it hangs', async () => {
    for (const hang of ['token', 'socket', 'join']) {
      const bench = new Bench((socket) => {
        if (hang === 'join') socket.accept();
      });
      if (hang === 'token') bench.getToken = () => new Promise<string>(() => undefined);
      await bench.connect();
      await bench.clock.advance(9_999);
      expect(bench.state).toBe('connecting');
      await bench.clock.advance(1);
      expect(bench.state).toBe('reconnecting');
      expect(bench.client.getStatus().error?.kind).toBe('offline');
      expect(bench.sockets.open).toBe(0);
    }
  });

  it('resolves with what became of it', async () => {
    const bench = new Bench(playServer);
    await expect(bench.client.connect(bench.options())).resolves.toBe('connected');
    await expect(bench.client.connect(bench.options())).resolves.toBe('connected');
    expect(bench.sockets.all).toHaveLength(1);
    const refused = new Bench((socket) => {
      socket.drop(4403);
    });
    await expect(refused.client.connect(refused.options())).resolves.toBe('error');
    const never = new Bench();
    const connecting = never.client.connect(never.options());
    never.client.disconnect();
    await expect(connecting).resolves.toBe('disconnected');
  });

  it('leaves the old budget when told of another', async () => {
    const bench = await connectedBench();
    const [old] = bench.sockets.all;
    await bench.connect({ budgetId: 'f'.repeat(32) });
    expect(old?.closedWith).toBe(1000);
    expect(bench.sockets.open).toBe(1);
    expect(bench.sockets.last.received).toEqual([{ type: 'connected', budgetId: 'f'.repeat(32) }]);
    expect(bench.states).toEqual([
      'connecting', 'connected', 'disconnected', 'connecting', 'connected',
    ]); // prettier-ignore
  });

  it('asks the newest getToken, so that a re-rendered app stays signed in', async () => {
    const bench = await connectedBench();
    const asked: string[] = [];
    const getToken = (): string => {
      asked.push('newer');
      return 'newer';
    };
    await bench.connect({ getToken });
    expect(bench.sockets.all).toHaveLength(1);
    void bench.client.reconnect();
    await bench.clock.advance(0);
    expect(asked).toEqual(['newer']);
  });

  it('refuses settings that make no sense, and says which', () => {
    const { client, ...bench } = new Bench();
    expect(bench.sockets.all).toHaveLength(0);
    const connectWith = (more: Partial<SignalingOptions>) => () =>
      client.connect({ url, budgetId, getToken: () => 'token', ...more });
    expect(kindOf(connectWith({ url: 'http://example.org' }))).toBe('bad_config');
    expect(kindOf(connectWith({ budgetId: 'household' }))).toBe('bad_config');
    expect(connectWith({ heartbeatInterval: Number.NaN })).toThrow(/heartbeatInterval/);
    expect(connectWith({ reconnectInterval: 0 })).toThrow(/reconnectInterval/);
    expect(kindOf(() => client.reconnect())).toBe('bad_config');
  });

  it('says what to install where the platform has no WebSocket', () => {
    const clock = new VirtualClock();
    const random = { bytes: () => new Uint8Array(), fraction: () => 0 };
    const client = new SignalingClient({ clock, random });
    const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    Reflect.deleteProperty(globalThis, 'WebSocket');
    try {
      expect(() => client.connect({ url, budgetId, getToken: () => 'token' })).toThrow(/`ws`/);
    } finally {
      if (own) Object.defineProperty(globalThis, 'WebSocket', own);
    }
  });

  it('stops when the server speaks another protocol', async () => {
    const bench = new Bench((socket) => {
      socket.accept('');
    });
    await bench.connect();
    expect(bench.client.getStatus()).toMatchObject({ state: 'error' });
    expect(bench.client.getStatus().error?.kind).toBe('upgrade_required');
  });
});

describe('reconnecting', () => {
  it('backs off from 1 s to 30 s with full jitter, ten times, then leaves it to polling', async () => {
    const bench = new Bench((socket) => {
      socket.drop();
    });
    bench.fraction = 0.999;
    const ceilings = [1, 2, 4, 8, 16, 30, 30, 30, 30, 30].map((seconds) => seconds * 999);
    await bench.connect();
    for (const [index, delayMs] of ceilings.entries()) {
      expect(bench.client.getStatus()).toMatchObject({
        state: 'reconnecting',
        attempts: index + 1,
      });
      await bench.clock.advance(delayMs - 1);
      expect(bench.sockets.all).toHaveLength(index + 1);
      await bench.clock.advance(1);
      expect(bench.sockets.all).toHaveLength(index + 2);
    }
    expect(bench.client.getStatus()).toMatchObject({ state: 'error', attempts: 10 });
    await bench.clock.advance(24 * HOUR_MS);
    expect(bench.sockets.all).toHaveLength(11);
  });

  it('may wait for no time at all, so that clients spread over the whole interval', async () => {
    const bench = await connectedBench();
    bench.fraction = 0;
    bench.sockets.last.drop();
    await bench.clock.advance(0);
    expect(bench.state).toBe('connected');
    expect(bench.client.getMetrics().reconnects).toBe(1);
  });

  it('goes on after an exhausted backoff when the network is back', async () => {
    const bench = new Bench((socket) => {
      socket.drop();
    });
    await bench.connect({ maxReconnectAttempts: 0 });
    expect(bench.state).toBe('error');
    bench.wake();
    await bench.clock.advance(0);
    expect(bench.sockets.all).toHaveLength(2);
  });

  it('tries at once when the network is back during a backoff', async () => {
    const bench = await connectedBench();
    bench.sockets.last.drop();
    expect(bench.state).toBe('reconnecting');
    bench.wake();
    await bench.clock.advance(0);
    expect(bench.state).toBe('connected');
  });

  it('leaves a terminal error to reconnect() alone', async () => {
    for (const code of [1000, 4400, 4403, 4413]) {
      const bench = await connectedBench();
      bench.sockets.last.drop(code);
      expect(bench.state).toBe('error');
      bench.wake();
      await bench.clock.advance(HOUR_MS);
      expect(bench.sockets.all).toHaveLength(1);
      void bench.client.reconnect();
      await bench.clock.advance(0);
      expect(bench.state).toBe('connected');
    }
  });

  it('never comes back by itself once the app has disconnected', async () => {
    const bench = await connectedBench();
    const { last } = bench.sockets;
    bench.client.disconnect();
    bench.client.disconnect();
    last.drop();
    bench.wake();
    await bench.clock.advance(24 * HOUR_MS);
    expect(bench.sockets.all).toHaveLength(1);
    expect(bench.states).toEqual(['connecting', 'connected', 'disconnected']);
  });

  it('stays away from a draining server as long as it asks, plus jitter', async () => {
    const bench = await connectedBench();
    bench.sockets.last.say({ type: 'system', notice: 'draining', reconnectAfterMs: 4000 });
    bench.sockets.last.drop(1001);
    bench.wake();
    await bench.clock.advance(4499);
    expect(bench.state).toBe('reconnecting');
    await bench.clock.advance(1);
    expect(bench.state).toBe('connected');
  });

  it('cannot be kept away for more than five minutes', async () => {
    const bench = await connectedBench();
    const reconnectAfterMs = Number.MAX_SAFE_INTEGER;
    bench.sockets.last.say({ type: 'system', notice: 'draining', reconnectAfterMs });
    bench.sockets.last.drop(1012);
    await bench.clock.advance(299_999);
    expect(bench.state).toBe('reconnecting');
    await bench.clock.advance(1000);
    expect(bench.state).toBe('connected');
  });

  it('backs off from a server that lets clients in and drops them', async () => {
    const bench = await connectedBench();
    for (const delayMs of [500, 1000, 2000, 4000]) {
      bench.sockets.last.drop(1011);
      await bench.clock.advance(delayMs - 1);
      expect(bench.state).toBe('reconnecting');
      await bench.clock.advance(1);
      expect(bench.state).toBe('connected');
    }
  });
});

describe('the heartbeat', () => {
  it('pings every 30 s and knows when the server last answered', async () => {
    const bench = await connectedBench();
    const startMs = bench.clock.now();
    await bench.clock.advance(90_000);
    const pings = bench.sockets.last.received.filter(({ type }) => type === 'ping');
    expect(pings).toEqual([1, 2, 3].map((n) => ({ type: 'ping', n })));
    expect(bench.client.getStatus().lastHeartbeat).toBe(startMs + 90_000);
    expect(bench.client.getMetrics().latencyMs).toBe(0);
  });

  it('gives a connection up when no pong, or a wrong one, comes within 5 s', async () => {
    const bench = await connectedBench();
    const socket = bench.sockets.last;
    socket.onReceived = ({ n }) => {
      socket.say({ type: 'pong', n: Number(n) + 1 });
    };
    await bench.clock.advance(34_999);
    expect(bench.state).toBe('connected');
    await bench.clock.advance(1);
    expect(bench.state).toBe('reconnecting');
    expect(socket.readyState).toBe(3);
    await bench.clock.advance(500);
    expect(bench.state).toBe('connected');
  });

  it('measures how long the server takes to answer', async () => {
    const bench = await connectedBench();
    const socket = bench.sockets.last;
    socket.onReceived = () => undefined;
    await bench.clock.advance(30_120);
    socket.say({ type: 'pong', n: 1 });
    expect(bench.client.getMetrics().latencyMs).toBe(120);
    await bench.clock.advance(29_880);
    expect(socket.received.at(-1)).toEqual({ type: 'ping', n: 2 });
  });

  it('measures at once when asked to, but only over a live connection', async () => {
    const bench = new Bench(playServer);
    bench.client.ping();
    expect(bench.sockets.all).toEqual([]);
    await bench.connect();
    expect(bench.client.getMetrics().latencyMs).toBeUndefined();
    bench.client.ping();
    await bench.clock.advance(0);
    expect(bench.client.getMetrics()).toMatchObject({ latencyMs: 0, pongs: 1 });
  });

  it('looks at once whether a connection outlived a sleep', async () => {
    const bench = await connectedBench();
    const socket = bench.sockets.last;
    socket.onReceived = () => undefined;
    bench.wake();
    bench.wake();
    expect(socket.received.filter(({ type }) => type === 'ping')).toHaveLength(1);
    await bench.clock.advance(5000);
    expect(bench.state).toBe('reconnecting');
  });
});

describe('tokens', () => {
  it('are fetched afresh for every attempt', async () => {
    const bench = await connectedBench();
    const [first] = bench.sockets.all;
    await bench.clock.advance(5000);
    bench.sockets.last.drop();
    await bench.clock.advance(2000);
    expect(bench.forced).toEqual([false, false]);
    expect(bench.sockets.last.offered).not.toEqual(first?.offered);
  });

  it('are renewed in place, so that five hours pass without a drop', async () => {
    const bench = await connectedBench();
    let presented = bench.sockets.last.offered[1];
    await bench.clock.advance(5 * HOUR_MS);
    expect(bench.states).toEqual(['connecting', 'connected']);
    const sent = bench.sockets.last.received.filter(({ type }) => type === 'auth');
    expect(sent).toHaveLength(5);
    for (const { token } of sent) {
      expect(token).not.toBe(presented);
      presented = String(token);
    }
    expect(bench.forced).toEqual([false, true, true, true, true, true]);
  });

  it('reach the server before they end, for an hour', async () => {
    const clients = new Bench((socket) => {
      let expiresAtMs = clients.clock.now() + 600_000;
      playServer(socket);
      const answer = socket.onReceived;
      socket.onReceived = (message) => {
        if (message['type'] === 'auth') expiresAtMs = clients.clock.now() + 600_000;
        if (clients.clock.now() >= expiresAtMs) socket.drop(4401);
        else answer(message);
      };
    });
    clients.getToken = () => makeToken({ issuedAtMs: clients.clock.now(), lifetimeMs: 600_000 });
    await clients.connect();
    await clients.clock.advance(HOUR_MS);
    expect(clients.states).toEqual(['connecting', 'connected']);
    expect(clients.sockets.all).toHaveLength(1);
  });

  it('are not asked for in a busy loop when they last seconds or come from a cache', async () => {
    const startMs = new VirtualClock().now();
    const cached = makeToken({ issuedAtMs: startMs, lifetimeMs: HOUR_MS });
    const seconds = makeToken({ issuedAtMs: startMs, lifetimeMs: 3000 });
    for (const token of [cached, seconds]) {
      const bench = new Bench(playServer);
      bench.getToken = () => token;
      await bench.connect();
      await bench.clock.advance(HOUR_MS);
      expect(bench.forced.length).toBeLessThanOrEqual(121);
      expect(bench.sockets.last.received.filter(({ type }) => type === 'auth')).toEqual([]);
    }
  });

  it('without an end that can be read are left to the server', async () => {
    const bench = new Bench(playServer);
    bench.getToken = () => 'opaque';
    await bench.connect();
    await bench.clock.advance(3 * HOUR_MS);
    expect(bench.forced).toEqual([false]);
    expect(bench.state).toBe('connected');
  });

  it('are tried again when a refresh fails for want of a network', async () => {
    const bench = await connectedBench();
    const { getToken } = bench;
    let failures = 3;
    bench.getToken = (force) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('offline')) : getToken(force);
    };
    await bench.clock.advance(HOUR_MS);
    expect(bench.sockets.last.received.filter(({ type }) => type === 'auth')).toHaveLength(1);
    expect(bench.state).toBe('connected');
  });

  it('that arrive after the app disconnected, or from a try that is over, open nothing', async () => {
    const bench = new Bench(playServer);
    const arrive: ((token: string) => void)[] = [];
    bench.getToken = () => new Promise<string>((resolve) => arrive.push(resolve));
    await bench.connect();
    bench.client.disconnect();
    void bench.client.reconnect();
    await bench.clock.advance(0);
    arrive[0]?.('late');
    await bench.clock.advance(0);
    expect(bench.sockets.all).toHaveLength(0);
    arrive[1]?.('current');
    await bench.clock.advance(0);
    expect(bench.sockets.all.map(({ offered }) => offered[1])).toEqual(['bearer.current']);
  });

  it('that a refresh brings after the app disconnected leave nothing running', async () => {
    const bench = await connectedBench();
    const arrive: ((token: string) => void)[] = [];
    bench.getToken = () => new Promise<string>((resolve) => arrive.push(resolve));
    await bench.clock.advance(HOUR_MS);
    bench.client.disconnect();
    expect(arrive).toHaveLength(1);
    arrive[0]?.(makeToken({ issuedAtMs: bench.clock.now(), lifetimeMs: HOUR_MS }));
    await bench.clock.advance(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('that are refused are refreshed by force once, then it is over', async () => {
    const bench = new Bench((socket) => {
      socket.accept();
      socket.drop(4401);
    });
    await bench.connect();
    expect(bench.forced).toEqual([false, true]);
    expect(bench.client.getStatus().error?.kind).toBe('unauthenticated');
    bench.wake();
    await bench.clock.advance(HOUR_MS);
    expect(bench.state).toBe('error');
    expect(bench.sockets.all).toHaveLength(2);
  });

  it('that are refused right after every join do not lead to a loop', async () => {
    const bench = new Bench((socket) => {
      playServer(socket);
      socket.onReceived = () => {
        socket.say({ type: 'system', notice: 'joined' });
        socket.drop(4401);
      };
    });
    await bench.connect();
    expect(bench.state).toBe('error');
    expect(bench.sockets.all).toHaveLength(2);
  });

  it('are refreshed once when the handshake fails, which is all a browser sees of a 401', async () => {
    const bench = new Bench((socket) => {
      socket.drop(1006);
    });
    await bench.connect({ maxReconnectAttempts: 3 });
    await bench.clock.advance(60_000);
    expect(bench.forced).toEqual([false, true, false, false]);
  });

  it.each([
    ['nothing', ''],
    ['a space', 'two words'],
    ['too much', 'x'.repeat(7169)],
  ])('that are %s end in an error that says to sign in', async (_label, token) => {
    const bench = new Bench(playServer);
    bench.getToken = () => token;
    await bench.connect();
    expect(bench.client.getStatus().error?.kind).toBe('unauthenticated');
    expect(bench.sockets.all).toHaveLength(0);
  });

  it('never reach logs, errors or listeners, whatever goes wrong', async () => {
    const canary = 'eyCANARYtokenCANARY';
    const seen: string[] = [];
    const plans: ((bench: Bench) => void)[] = [
      (bench) => (bench.getToken = () => canary),
      (bench) => (bench.getToken = () => Promise.reject(new Error(`bad ${canary}`))),
      (bench) => (bench.getToken = () => `${canary} ${canary}`),
    ];
    const servers: ((socket: ScriptedSocket) => void)[] = [
      playServer,
      (socket) => {
        socket.accept(`bearer.${canary}`);
      },
      (socket) => {
        socket.accept();
        socket.say(`{"type":"${canary}"}`);
        socket.drop(4401);
      },
    ];
    for (const plan of plans) {
      for (const server of servers) {
        const bench = new Bench(server);
        plan(bench);
        bench.client.onError((problem) => seen.push(JSON.stringify(problem)));
        bench.client.onStateChange(({ error }) => seen.push(String(error?.stack)));
        bench.client.onSignal(() => {
          throw new Error(canary);
        });
        await bench.connect();
        await bench.clock.advance(HOUR_MS);
        seen.push(...bench.logged, JSON.stringify(bench.client.getStatus()));
      }
    }
    const throwing = new Bench();
    throwing.getToken = () => canary;
    const webSocket = function refuse(_url: string, protocols: string[]) {
      throw new SyntaxError(`'${String(protocols[1])}' is invalid`);
    } as unknown as typeof throwing.sockets.webSocket;
    const { clock } = throwing;
    const client = new SignalingClient({
      clock,
      webSocket,
      random: { bytes: () => new Uint8Array(), fraction: () => 0 },
      logger: logInto(seen),
    });
    await expect(client.connect(throwing.options())).resolves.toBe('error');
    seen.push(String(client.getStatus().error?.stack));
    client.disconnect();
    expect(seen.length).toBeGreaterThan(50);
    expect(seen.join('\n')).not.toContain('CANARY');
  });
});

function logInto(lines: string[]): Logger {
  const log = (message: string, data?: LogData): void => {
    lines.push(message + JSON.stringify(data ?? {}));
  };
  return { debug: log, info: log, warn: log, error: log };
}

describe('signals', () => {
  it('reach every listener, one that fails among them, until it is removed', async () => {
    const bench = await connectedBench();
    const heard: string[] = [];
    const problems: string[] = [];
    bench.client.onError(() => {
      throw new Error('a failing listener of problems');
    });
    bench.client.onError(({ kind }) => problems.push(kind));
    bench.client.onSignal(() => {
      throw new Error('a failing listener');
    });
    const stop = bench.client.onSignal(({ type }) => heard.push(type));
    const signal = { type: 'data_changed', ...head, from: '0011223344556677' };
    bench.sockets.last.say(signal);
    expect(heard).toEqual(['data_changed']);
    expect(problems).toEqual(['listener_failed']);
    stop();
    bench.sockets.last.say(signal);
    expect(heard).toEqual(['data_changed']);
    expect(bench.state).toBe('connected');
  });

  it('do not reach a listener that an earlier one removed', async () => {
    const bench = await connectedBench();
    const heard: string[] = [];
    bench.client.onSignal(() => {
      stop();
    });
    const stop = bench.client.onSignal(({ type }) => heard.push(type));
    bench.sockets.last.say({ type: 'sync_required' });
    expect(heard).toEqual([]);
  });

  it('are sent with exactly the fields of their type', async () => {
    const bench = await connectedBench();
    const { client } = bench;
    expect(client.sendSignal('data_changed', head)).toBe(true);
    expect(client.sendSignal('data_changed')).toBe(true);
    expect(client.sendSignal('membership_changed')).toBe(true);
    expect(client.sendSignal('presence', { tag: head.head8, state: 'online' })).toBe(true);
    expect(bench.sockets.last.received.slice(1)).toEqual([
      { type: 'data_changed', ...head },
      { type: 'sync_required' },
      { type: 'membership_changed' },
      { type: 'presence', tag: head.head8, state: 'online' },
    ]);
    expect(client.getMetrics()).toMatchObject({ signalsOut: 4, signalsIn: 1 });
  });

  it('have no room for data: what a server would close over is never sent', async () => {
    const bench = await connectedBench();
    const { client } = bench;
    const send = client.sendSignal.bind(client) as (type: string, metadata?: object) => boolean;
    expect(kindOf(() => send('data_changed', { ...head, payee: 'Bakery' }))).toBe('bad_input');
    expect(
      kindOf(() => send('data_changed', { ...head, head8: 'a'.repeat(MAX_MESSAGE_BYTES) })),
    ).toBe('bad_input');
    expect(kindOf(() => send('auth', { token: 'x' }))).toBe('bad_input');
    expect(kindOf(() => send('ping', { n: 1 }))).toBe('bad_input');
    expect(kindOf(() => send('constructor'))).toBe('bad_input');
    expect(client.send({ type: 'conflict', tag: 'not hex' })).toBe(false);
    expect(bench.sockets.last.received).toHaveLength(1);
  });

  it('that fit no schema are reported, and disturb nothing', async () => {
    const bench = await connectedBench();
    const heard: string[] = [];
    const problems: string[] = [];
    bench.client.onSignal(({ type }) => heard.push(type));
    bench.client.onError(({ kind }) => problems.push(kind));
    bench.sockets.last.sayRaw(new ArrayBuffer(8));
    bench.sockets.last.say('{');
    bench.sockets.last.say({ type: 'data_changed', ...head, note: 'unknown field' });
    bench.sockets.last.say({ type: 'sync_required', from: 'x'.repeat(2000) });
    expect(problems).toEqual(Array(4).fill('malformed_message'));
    expect(heard).toEqual([]);
    bench.sockets.last.say({ type: 'sync_required' });
    expect(heard).toEqual(['sync_required']);
    expect(bench.client.getMetrics().malformedIn).toBe(4);
  });

  it('end when a listener disconnects: the server may say joined twice, nobody hears it', async () => {
    const bench = new Bench(playServer);
    const heard: string[] = [];
    bench.client.onSignal(({ type }) => heard.push(type));
    bench.client.onStateChange(({ to }) => {
      if (to === 'connected') bench.client.disconnect();
    });
    const later: string[] = [];
    bench.client.onStateChange(({ from, to }) => later.push(`${from} -> ${to}`));
    await bench.connect();
    expect(heard).toEqual([]);
    expect(later).toEqual([
      'disconnected -> connecting',
      'connecting -> connected',
      'connected -> disconnected',
    ]);
  });
});

describe('the signal channel', () => {
  it('connects in the background, hands signals both ways, and is silent once closed', async () => {
    const bench = new Bench();
    const sockets = new ScriptedSockets(playServer);
    const channel = createSignalChannel({
      ...bench.options(),
      clock: bench.clock,
      random: { bytes: (length) => new Uint8Array(length), fraction: () => 0.5 },
      webSocket: sockets.webSocket,
    });
    const states: string[] = [];
    const heard: string[] = [];
    channel.onState((state) => states.push(state));
    channel.onSignal(({ type }) => heard.push(type));
    expect(channel.send({ type: 'sync_required' })).toBe(false);
    channel.open();
    channel.open();
    await bench.clock.advance(0);
    expect(sockets.all).toHaveLength(1);
    expect(channel.state()).toBe('connected');
    expect(channel.send({ type: 'data_changed', ...head })).toBe(true);
    sockets.last.say({ type: 'sync_required' });
    channel.close();
    channel.close();
    channel.open();
    sockets.last.say({ type: 'sync_required' });
    expect(states).toEqual(['connecting', 'connected']);
    expect(heard).toEqual(['system', 'sync_required']);
    expect(channel.state()).toBe('disconnected');
    expect(sockets.open).toBe(0);
  });
});
