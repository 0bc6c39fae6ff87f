import { parseServerMessage } from '@sealsync/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playServer, ScriptedSockets } from '../testing/scripted-sockets.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { SignalingClient } from './signaling-client.js';

const FRAMES = 20_000;
const hex16 = '00112233445566ff';
const head = { seq: 7, epoch: 1, head8: hex16, mac8: hex16 };
const valid = [
  { type: 'connected', from: hex16 },
  { type: 'disconnected', from: hex16 },
  { type: 'data_changed', ...head, from: hex16 },
  { type: 'sync_required' },
  { type: 'presence', tag: hex16, state: 'editing', scope: hex16, from: hex16 },
  { type: 'conflict', tag: hex16 },
  { type: 'pong', n: 1 },
  { type: 'system', notice: 'draining', reconnectAfterMs: 5 },
  { type: 'error', reason: 'rate_limited' },
].map((message) => JSON.stringify(message));

const isMalformed = (frame: unknown): boolean =>
  typeof frame !== 'string' || !parseServerMessage(frame).ok;

/** A valid frame with one stretch of characters replaced, or one field added or changed. */
const mutated = fc.oneof(
  fc
    .tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(6), fc.string({ maxLength: 6 }))
    .map(([text, at, length, insert]) => {
      const start = at % text.length;
      return text.slice(0, start) + insert + text.slice(start + length);
    }),
  fc
    .tuple(
      fc.constantFrom(...valid),
      fc.constantFrom(
        'type',
        'seq',
        'epoch',
        'n',
        'from',
        'tag',
        '__proto__',
        'constructor',
        'note',
      ),
      fc.jsonValue(),
    )
    .map(([text, key, value]) => {
      const field = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
      return `${text.slice(0, -1)},${field}}`;
    }),
);

const frames = fc
  .oneof(
    { weight: 6, arbitrary: mutated },
    { weight: 2, arbitrary: fc.json() },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 1500 }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 32 }) },
    { weight: 1, arbitrary: fc.anything() },
    { weight: 1, arbitrary: fc.nat(2000).map((depth) => '['.repeat(depth)) },
  )
  .filter(isMalformed);

describe('a hostile server', () => {
  it(`cannot make the client throw, tell its listeners, or leave, with ${String(FRAMES)} malformed frames`, async () => {
    const clock = new VirtualClock();
    const sockets = new ScriptedSockets(playServer);
    const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0.5 };
    const client = new SignalingClient({ clock, random, webSocket: sockets.webSocket });
    void client.connect({
      url: 'wss://signals.example.org',
      budgetId: '0123456789abcdef0123456789abcdef',
      getToken: () => 'opaque',
    });
    await clock.advance(0);
    const heard: unknown[] = [];
    let problems = 0;
    client.onSignal((signal) => heard.push(signal));
    client.onError(({ kind }) => {
      if (kind === 'malformed_message') problems += 1;
    });
    let sent = 0;
    fc.assert(
      fc.property(frames, (frame) => {
        sent += 1;
        sockets.last.sayRaw(frame);
        expect(heard).toEqual([]);
      }),
      { numRuns: FRAMES },
    );
    expect(sent).toBe(FRAMES);
    expect(problems).toBe(FRAMES);
    expect(client.getMetrics().malformedIn).toBe(FRAMES);
    sockets.last.say({ type: 'sync_required' });
    expect(heard).toEqual([{ type: 'sync_required' }]);
    expect(client.getStatus().isConnected).toBe(true);
    client.disconnect();
    expect(clock.pendingTimers).toBe(0);
  });
});
