import type { CloseReaction } from '@sealsync/protocol';

/*
 * The life of a connection as a pure function. `connected` means that the server
 * accepted the budget. What must hold:
 * - only a loss leads to `reconnecting`; `disconnected` is left by a call alone;
 * - `attempt` counts reconnects since the connection last answered a ping, so that
 *   a server which accepts and drops is backed off from, too;
 * - between two answered pings, a refused token leads to one forced refresh at most.
 */

export type LossKind =
  | 'token_unavailable'
  | 'token_unusable'
  | 'socket_refused'
  | 'wrong_subprotocol'
  | 'connect_timeout'
  | 'pong_missed'
  | 'closed';

/** Why a connection, or the attempt to make one, ended without being asked to. */
export interface Loss {
  readonly kind: LossKind;
  /** Of the WebSocket, where `kind` is `closed`. */
  readonly closeCode?: number;
  readonly reaction: CloseReaction;
}

interface Streak {
  /** 0 for a first try, n for the n-th reconnect. */
  readonly attempt: number;
  /** Whether a token fetched by force was already presented. */
  readonly refreshed: boolean;
}

export interface Disconnected {
  readonly name: 'disconnected';
}
export interface Connecting extends Streak {
  readonly name: 'connecting';
  readonly phase: 'token' | 'socket' | 'join';
  readonly forced: boolean;
  readonly floorMs: number;
}
export interface Connected extends Streak {
  readonly name: 'connected';
  /** The server asked to stay away at least this long once the connection is lost. */
  readonly floorMs: number;
}
export interface Reconnecting extends Streak {
  readonly name: 'reconnecting';
  readonly forceNext: boolean;
  readonly floorMs: number;
  readonly loss: Loss;
}
export interface Failed {
  readonly name: 'error';
  readonly attempt: number;
  readonly loss: Loss;
  /** Waiting would not help: only `reconnect` leads on. */
  readonly terminal: boolean;
}
export type State = Disconnected | Connecting | Connected | Reconnecting | Failed;

export type Event =
  | { readonly type: 'connect' | 'disconnect' | 'reconnect' | 'wake' }
  | { readonly type: 'token_ready' | 'socket_open' | 'joined' | 'pong' | 'backoff_over' }
  | { readonly type: 'stay_away'; readonly floorMs: number }
  | { readonly type: 'lost'; readonly loss: Loss };

export type Effect =
  /** Start the connect timeout and fetch a token. */
  | { readonly type: 'begin_attempt'; readonly forceToken: boolean }
  | { readonly type: 'open_socket' }
  | { readonly type: 'send_join' }
  /** Stop the connect timeout, start heartbeats and token refresh. */
  | { readonly type: 'begin_session' }
  | { readonly type: 'ping_now' }
  /** Drop socket, timers and whatever is still being waited for. */
  | { readonly type: 'end_attempt'; readonly how: 'polite' | 'at_once' }
  | { readonly type: 'begin_backoff'; readonly attempt: number; readonly floorMs: number }
  | { readonly type: 'end_backoff' };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export interface Limits {
  /** Reconnects after the first failure, before `error`. */
  readonly maxReconnectAttempts: number;
}

export const initialState: State = { name: 'disconnected' };

/**
 * What follows when `event` happens in `state`. An event that means nothing there
 * (a server may say `joined` twice) changes nothing: the very same state comes back.
 */
export function transition(state: State, event: Event, limits: Limits): Step {
  return stepFrom(state, event, limits) ?? { state, effects: [] };
}

function stepFrom(state: State, event: Event, limits: Limits): Step | undefined {
  switch (state.name) {
    case 'disconnected':
      return event.type === 'connect' || event.type === 'reconnect' ? begin() : undefined;
    case 'connecting':
      return fromConnecting(state, event, limits);
    case 'connected':
      return fromConnected(state, event, limits);
    case 'reconnecting':
      return fromReconnecting(state, event);
    case 'error':
      return fromError(state, event);
  }
}

function fromConnecting(state: Connecting, event: Event, limits: Limits): Step | undefined {
  const { phase, attempt, forced, floorMs } = state;
  const refreshed = state.refreshed || forced;
  if (event.type === 'token_ready' && phase === 'token') {
    return { state: { ...state, phase: 'socket', refreshed }, effects: [{ type: 'open_socket' }] };
  }
  if (event.type === 'socket_open' && phase === 'socket') {
    return { state: { ...state, phase: 'join' }, effects: [{ type: 'send_join' }] };
  }
  if (event.type === 'joined' && phase === 'join') {
    return {
      state: { name: 'connected', attempt, refreshed, floorMs },
      effects: [{ type: 'begin_session' }],
    };
  }
  if (event.type === 'stay_away')
    return { state: { ...state, floorMs: event.floorMs }, effects: [] };
  if (event.type === 'disconnect') return disconnectFrom('attempt');
  // A server that refuses a token in the handshake shows a browser nothing but a failed socket.
  if (event.type === 'lost') return lose(state, event.loss, limits, phase === 'socket');
  return undefined;
}

function fromConnected(state: Connected, event: Event, limits: Limits): Step | undefined {
  switch (event.type) {
    case 'pong':
      return { state: { ...state, attempt: 0, refreshed: false }, effects: [] };
    case 'stay_away':
      return { state: { ...state, floorMs: event.floorMs }, effects: [] };
    case 'wake':
      return { state, effects: [{ type: 'ping_now' }] };
    case 'reconnect':
      return begin({ type: 'end_attempt', how: 'polite' });
    case 'disconnect':
      return disconnectFrom('attempt');
    case 'lost':
      return lose(state, event.loss, limits, false);
    default:
      return undefined;
  }
}

function fromReconnecting(state: Reconnecting, event: Event): Step | undefined {
  switch (event.type) {
    case 'backoff_over': {
      const { attempt, refreshed, forceNext } = state;
      return attemptStep({ attempt, refreshed }, forceNext);
    }
    case 'wake':
      // What failed before says little about a network that just came up; a drain still does.
      return state.floorMs > 0 ? undefined : begin({ type: 'end_backoff' });
    case 'reconnect':
      return begin({ type: 'end_backoff' });
    case 'disconnect':
      return disconnectFrom('backoff');
    default:
      return undefined;
  }
}

function fromError(state: Failed, event: Event): Step | undefined {
  if (event.type === 'reconnect' || (event.type === 'wake' && !state.terminal)) return begin();
  if (event.type === 'disconnect') return { state: initialState, effects: [] };
  return undefined;
}

function lose(
  state: Connecting | Connected,
  loss: Loss,
  limits: Limits,
  tokenSuspected: boolean,
): Step {
  const end: Effect = { type: 'end_attempt', how: 'at_once' };
  const { attempt, refreshed, floorMs } = state;
  const terminal = loss.reaction === 'stop' || (loss.reaction === 'refresh' && refreshed);
  if (terminal || (loss.reaction === 'retry' && attempt >= limits.maxReconnectAttempts)) {
    return { state: { name: 'error', attempt, loss, terminal }, effects: [end] };
  }
  if (loss.reaction === 'refresh') return attemptStep({ attempt, refreshed }, true, end);
  const next = attempt + 1;
  const forceNext = tokenSuspected && !refreshed;
  return {
    state: { name: 'reconnecting', attempt: next, refreshed, forceNext, floorMs, loss },
    effects: [end, { type: 'begin_backoff', attempt: next, floorMs }],
  };
}

/** A try that owes nothing to earlier ones. */
const begin = (...first: Effect[]): Step =>
  attemptStep({ attempt: 0, refreshed: false }, false, ...first);

const attemptStep = (streak: Streak, forced: boolean, ...first: Effect[]): Step => ({
  state: { name: 'connecting', phase: 'token', ...streak, forced, floorMs: 0 },
  effects: [...first, { type: 'begin_attempt', forceToken: forced }],
});

const disconnectFrom = (what: 'attempt' | 'backoff'): Step => ({
  state: initialState,
  effects: [what === 'attempt' ? { type: 'end_attempt', how: 'polite' } : { type: 'end_backoff' }],
});
