import { describe, expect, it } from 'vitest';
import { initialState, transition } from './state-machine.js';
import type { Effect, Event, Loss, State } from './state-machine.js';

const limits = { maxReconnectAttempts: 3 };

const dropped: Loss = { kind: 'closed', closeCode: 1006, reaction: 'retry' };
const refused: Loss = { kind: 'closed', closeCode: 4401, reaction: 'refresh' };
const forbidden: Loss = { kind: 'closed', closeCode: 4403, reaction: 'stop' };
const lost = (loss: Loss): Event => ({ type: 'lost', loss });

const fresh = { attempt: 0, refreshed: false };
const base = { ...fresh, forced: false, floorMs: 0 };
const fetching: State = { name: 'connecting', phase: 'token', ...base };
const opening: State = { name: 'connecting', phase: 'socket', ...base };
const joining: State = { name: 'connecting', phase: 'join', ...base };
const connected: State = { name: 'connected', ...fresh, floorMs: 0 };
const reconnecting: State = {
  name: 'reconnecting',
  attempt: 2,
  refreshed: false,
  forceNext: false,
  floorMs: 0,
  loss: dropped,
};
const draining: State = { ...reconnecting, floorMs: 4000 };
const exhausted: State = { name: 'error', attempt: 3, loss: dropped, terminal: false };
const stopped: State = { name: 'error', attempt: 0, loss: forbidden, terminal: true };

const beginAttempt: Effect = { type: 'begin_attempt', forceToken: false };
const beginForced: Effect = { type: 'begin_attempt', forceToken: true };
const endAtOnce: Effect = { type: 'end_attempt', how: 'at_once' };
const endPolitely: Effect = { type: 'end_attempt', how: 'polite' };
const endBackoff: Effect = { type: 'end_backoff' };
const backoff = (attempt: number, floorMs = 0): Effect => ({
  type: 'begin_backoff',
  attempt,
  floorMs,
});

type Case = readonly [title: string, State, Event, State, readonly Effect[]];

const after = (attempt: number, loss: Loss, more: object = {}): State => ({
  name: 'reconnecting',
  attempt,
  refreshed: false,
  forceNext: false,
  floorMs: 0,
  loss,
  ...more,
});

const legal: readonly Case[] = [
  ['disconnected -> connecting: the app connects', initialState, { type: 'connect' }, fetching, [beginAttempt]],
  ['disconnected -> connecting: the app reconnects after it had disconnected', initialState, { type: 'reconnect' }, fetching, [beginAttempt]],

  ['connecting -> connecting: the token arrives', fetching, { type: 'token_ready' }, opening, [{ type: 'open_socket' }]],
  ['connecting -> connecting: a forced token arrives and counts as the one refresh', { ...fetching, forced: true }, { type: 'token_ready' }, { ...opening, forced: true, refreshed: true }, [{ type: 'open_socket' }]],
  ['connecting -> connecting: the socket opens', opening, { type: 'socket_open' }, joining, [{ type: 'send_join' }]],
  ['connecting -> connecting: the server asks to stay away later', joining, { type: 'stay_away', floorMs: 900 }, { ...joining, floorMs: 900 }, []],
  ['connecting -> connected: the server lets the client in', joining, { type: 'joined' }, connected, [{ type: 'begin_session' }]],
  ['connecting -> connected: what was asked of the client is remembered', { ...joining, attempt: 2, refreshed: true, floorMs: 900 }, { type: 'joined' }, { ...connected, attempt: 2, refreshed: true, floorMs: 900 }, [{ type: 'begin_session' }]],
  ['connecting -> disconnected: the app disconnects', opening, { type: 'disconnect' }, initialState, [endPolitely]],
  ['connecting -> reconnecting: no token could be fetched', fetching, lost(dropped), after(1, dropped), [endAtOnce, backoff(1)]],
  ['connecting -> reconnecting: the handshake fails, perhaps over the token', opening, lost(dropped), after(1, dropped, { forceNext: true }), [endAtOnce, backoff(1)]],
  ['connecting -> reconnecting: the handshake fails with a forced token', { ...opening, refreshed: true }, lost(dropped), after(1, dropped, { refreshed: true }), [endAtOnce, backoff(1)]],
  ['connecting -> reconnecting: the last reconnect but one fails', { ...joining, attempt: 2 }, lost(dropped), after(3, dropped), [endAtOnce, backoff(3)]],
  ['connecting -> error: the last reconnect fails', { ...joining, attempt: 3 }, lost(dropped), exhausted, [endAtOnce]],
  ['connecting -> error: the server forbids it', joining, lost(forbidden), stopped, [endAtOnce]],
  ['connecting -> connecting: the token is refused the first time', joining, lost(refused), { ...fetching, forced: true }, [endAtOnce, beginForced]],
  ['connecting -> error: the token is refused after a forced refresh', { ...joining, refreshed: true }, lost(refused), { name: 'error', attempt: 0, loss: refused, terminal: true }, [endAtOnce]],

  ['connected -> connected: the first pong proves the connection', { ...connected, attempt: 2, refreshed: true }, { type: 'pong' }, connected, []],
  ['connected -> connected: the server is about to drain', connected, { type: 'stay_away', floorMs: 4000 }, { ...connected, floorMs: 4000 }, []],
  ['connected -> connected: the page wakes and looks whether anyone is there', connected, { type: 'wake' }, connected, [{ type: 'ping_now' }]],
  ['connected -> connecting: the app reconnects', connected, { type: 'reconnect' }, fetching, [endPolitely, beginAttempt]],
  ['connected -> disconnected: the app disconnects', connected, { type: 'disconnect' }, initialState, [endPolitely]],
  ['connected -> reconnecting: the connection is lost', connected, lost(dropped), after(1, dropped), [endAtOnce, backoff(1)]],
  ['connected -> reconnecting: a drained server is stayed away from', { ...connected, floorMs: 4000 }, lost(dropped), after(1, dropped, { floorMs: 4000 }), [endAtOnce, backoff(1, 4000)]],
  ['connected -> reconnecting: lost before any pong, the backoff goes on', { ...connected, attempt: 2 }, lost(dropped), after(3, dropped), [endAtOnce, backoff(3)]],
  ['connected -> error: lost before any pong after the last reconnect', { ...connected, attempt: 3 }, lost(dropped), exhausted, [endAtOnce]],
  ['connected -> connecting: the token ended', connected, lost(refused), { ...fetching, forced: true }, [endAtOnce, beginForced]],
  ['connected -> error: the refreshed token is refused', { ...connected, refreshed: true }, lost(refused), { name: 'error', attempt: 0, loss: refused, terminal: true }, [endAtOnce]],
  ['connected -> error: the member was removed', connected, lost(forbidden), stopped, [endAtOnce]],

  ['reconnecting -> connecting: the backoff timer fires', reconnecting, { type: 'backoff_over' }, { ...fetching, attempt: 2 }, [beginAttempt]],
  ['reconnecting -> connecting: the backoff timer fires after a failed handshake', { ...reconnecting, forceNext: true }, { type: 'backoff_over' }, { ...fetching, attempt: 2, forced: true }, [beginForced]],
  ['reconnecting -> connecting: the network is back', reconnecting, { type: 'wake' }, fetching, [endBackoff, beginAttempt]],
  ['reconnecting -> connecting: the app reconnects', draining, { type: 'reconnect' }, fetching, [endBackoff, beginAttempt]],
  ['reconnecting -> disconnected: the app disconnects', reconnecting, { type: 'disconnect' }, initialState, [endBackoff]],

  ['error -> connecting: the network is back after too many attempts', exhausted, { type: 'wake' }, fetching, [beginAttempt]],
  ['error -> connecting: the app reconnects after too many attempts', exhausted, { type: 'reconnect' }, fetching, [beginAttempt]],
  ['error -> connecting: the app reconnects after a refusal', stopped, { type: 'reconnect' }, fetching, [beginAttempt]],
  ['error -> disconnected: the app disconnects', stopped, { type: 'disconnect' }, initialState, []],
]; // prettier-ignore

describe('the connection state machine', () => {
  it.each(legal)('%s', (_title, state, event, next, effects) => {
    expect(transition(state, event, limits)).toEqual({ state: next, effects });
  });

  const events: readonly Event[] = [
    ...(['connect', 'disconnect', 'reconnect', 'wake', 'token_ready', 'socket_open'] as const).map(
      (type) => ({ type }),
    ),
    ...(['joined', 'pong', 'backoff_over'] as const).map((type) => ({ type })),
    { type: 'stay_away', floorMs: 1 },
    lost(dropped),
  ];
  const meaningful: Readonly<Record<string, readonly Event['type'][]>> = {
    disconnected: ['connect', 'reconnect'],
    'connecting token': ['token_ready', 'stay_away', 'disconnect', 'lost'],
    'connecting socket': ['socket_open', 'stay_away', 'disconnect', 'lost'],
    'connecting join': ['joined', 'stay_away', 'disconnect', 'lost'],
    connected: ['pong', 'stay_away', 'wake', 'reconnect', 'disconnect', 'lost'],
    reconnecting: ['backoff_over', 'wake', 'reconnect', 'disconnect'],
    'reconnecting, draining': ['backoff_over', 'reconnect', 'disconnect'],
    'error, exhausted': ['wake', 'reconnect', 'disconnect'],
    'error, terminal': ['reconnect', 'disconnect'],
  };
  const states: Readonly<Record<string, State>> = {
    disconnected: initialState,
    'connecting token': fetching,
    'connecting socket': opening,
    'connecting join': joining,
    connected,
    reconnecting,
    'reconnecting, draining': draining,
    'error, exhausted': exhausted,
    'error, terminal': stopped,
  };
  const meaningless = Object.entries(states).flatMap(([label, state]) =>
    events
      .filter(({ type }) => !meaningful[label]?.includes(type))
      .map((event) => [label, event.type, state, event] as const),
  );

  it.each(meaningless)(
    '%s: %s means nothing and changes nothing',
    (_label, _type, state, event) => {
      const step = transition(state, event, limits);
      expect(step.state).toBe(state);
      expect(step.effects).toEqual([]);
    },
  );

  it('never reconnects where the app wants no reconnects', () => {
    const { state } = transition(connected, lost(dropped), { maxReconnectAttempts: 0 });
    expect(state).toEqual({ name: 'error', attempt: 0, loss: dropped, terminal: false });
  });
});
