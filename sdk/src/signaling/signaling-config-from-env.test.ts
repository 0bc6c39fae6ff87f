import { describe, expect, it } from 'vitest';
import { SealsyncError } from '../errors.js';
import { signalingConfigFromEnv } from './signaling-config-from-env.js';

const url = 'wss://signals.example.org/';
const kindOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof SealsyncError ? `${error.kind}: ${error.message}` : 'foreign';
  }
  return 'none';
};

describe('signalingConfigFromEnv', () => {
  it.each([
    ['nothing is set', {}],
    ['the URL is empty', { VITE_WEBSOCKET_URL: ' ' }],
    ['it is switched off', { VITE_WEBSOCKET_URL: url, VITE_WEBSOCKET_ENABLED: 'false' }],
    ['it is switched off with 0', { VITE_WEBSOCKET_URL: url, VITE_WEBSOCKET_ENABLED: '0' }],
    ['it is switched on without a URL', { VITE_WEBSOCKET_ENABLED: 'true' }],
  ])('leaves an app with periodic sync when %s', (_label, env) => {
    expect(signalingConfigFromEnv(env)).toBeUndefined();
  });

  it('needs no more than a URL, and leaves defaults to the client', () => {
    const config = signalingConfigFromEnv({ VITE_WEBSOCKET_URL: url, DEV: true });
    expect(config).toEqual({ url, allowInsecureUrl: false });
  });

  it('reads every setting', () => {
    const config = signalingConfigFromEnv({
      VITE_WEBSOCKET_URL: 'ws://signals.internal:8080',
      VITE_WEBSOCKET_ENABLED: 'TRUE',
      VITE_WEBSOCKET_ALLOW_INSECURE: '1',
      VITE_WEBSOCKET_RECONNECT_INTERVAL: '1',
      VITE_WEBSOCKET_MAX_RECONNECT_INTERVAL: '2',
      VITE_WEBSOCKET_MAX_RECONNECT_ATTEMPTS: '0',
      VITE_WEBSOCKET_CONNECT_TIMEOUT: '4',
      VITE_WEBSOCKET_HEARTBEAT_INTERVAL: '5',
      VITE_WEBSOCKET_HEARTBEAT_TIMEOUT: '6',
      VITE_WEBSOCKET_TOKEN_REFRESH_LEAD: '7',
    });
    expect(config).toEqual({
      url: 'ws://signals.internal:8080/',
      allowInsecureUrl: true,
      reconnectInterval: 1,
      maxReconnectInterval: 2,
      maxReconnectAttempts: 0,
      connectTimeout: 4,
      heartbeatInterval: 5,
      heartbeatTimeout: 6,
      tokenRefreshLead: 7,
    });
  });

  it.each([
    ['VITE_WEBSOCKET_ENABLED', 'maybe'],
    ['VITE_WEBSOCKET_ALLOW_INSECURE', 'yes'],
    ['VITE_WEBSOCKET_RECONNECT_INTERVAL', '1s'],
    ['VITE_WEBSOCKET_RECONNECT_INTERVAL', '0'],
    ['VITE_WEBSOCKET_HEARTBEAT_INTERVAL', '-1'],
    ['VITE_WEBSOCKET_HEARTBEAT_TIMEOUT', '2147483648'],
    ['VITE_WEBSOCKET_CONNECT_TIMEOUT', '1e3'],
  ])('names the variable when %s is %j', (variable, value) => {
    const thrown = kindOf(() =>
      signalingConfigFromEnv({ VITE_WEBSOCKET_URL: url, [variable]: value }),
    );
    expect(thrown).toMatch(/^bad_config: /);
    expect(thrown).toContain(variable);
  });

  it.each([
    'signals.example.org',
    'https://signals.example.org',
    'ws://signals.example.org',
    'ws://localhost.example.org',
    'wss://user:secret@signals.example.org',
    'wss://signals.example.org/#room',
  ])('refuses %j before a token could travel there', (bad) => {
    const thrown = kindOf(() => signalingConfigFromEnv({ VITE_WEBSOCKET_URL: bad }));
    expect(thrown).toMatch(/^bad_config: /);
    expect(thrown).not.toContain('secret');
  });

  it.each([
    'ws://localhost:8080/',
    'ws://127.0.0.1:8080/',
    'ws://[::1]:8080/',
    'ws://app.localhost/',
  ])('takes %j, which stays on this machine', (local) => {
    expect(signalingConfigFromEnv({ VITE_WEBSOCKET_URL: local })?.url).toBe(local);
  });
});
