import { encodeMessage, parseServerMessage, reactionToClose } from '@sealsync/protocol';
import type { ClientMessage, ServerMessage } from '@sealsync/protocol';
import type { Clock, TimerId } from '../ports/clock.js';
import type { Random } from '../ports/random.js';
import type { IncomingSignal } from '../ports/signal-channel.js';
import { backoffDelayMs } from './backoff.js';
import { fetchToken } from './fetch-token.js';
import type { GetToken, TokenFailure } from './fetch-token.js';
import { startHeartbeat } from './heartbeat.js';
import type { Heartbeat } from './heartbeat.js';
import type { SignalingTuning } from './settings.js';
import { initialState, transition } from './state-machine.js';
import type { Effect, Event, LossKind, State } from './state-machine.js';
import { startTokenRefresh } from './token-refresh.js';
import { openLink } from './web-socket-link.js';
import type { Link, WebSocketConstructor } from './web-socket-link.js';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly webSocket: WebSocketConstructor;
  readonly url: string;
  readonly budgetId: string;
  readonly tuning: SignalingTuning;
  readonly getToken: GetToken;
}

/** What a connection reports. None of these may throw. */
export interface ConnectionEvents {
  onState(from: State, to: State): void;
  onMessage(message: IncomingSignal): void;
  /** `why` names what was wrong, and repeats nothing of the message. */
  onMalformed(why: string): void;
  onTokenFailure(failure: TokenFailure): void;
  onPong(latencyMs: number): void;
}

/** The longest that a server can keep its clients away. */
const MAX_STAY_AWAY_MS = 300_000;

/** All that belongs to one try, so that nothing of it outlives it. */
interface Attempt {
  timer?: TimerId;
  token?: { readonly text: string; readonly isNew: boolean };
  link?: Link;
  heartbeat?: Heartbeat;
  stopRefresh?: () => void;
}

/** Drives the state machine: performs its effects and feeds it with what happens. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #state: State = initialState;
  #attempt: Attempt | undefined;
  #backoff: TimerId | undefined;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether the message was handed to a server that let this client in. */
  send(message: ClientMessage): boolean {
    return this.#state.name === 'connected' && this.#write(message);
  }

  handle(event: Event): void {
    const from = this.#state;
    const { state, effects } = transition(from, event, this.#options.tuning);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    // Last, because whoever hears of it may cause the next event at once.
    if (state.name !== from.name) this.#events.onState(from, state);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'begin_attempt':
        this.#beginAttempt(effect.forceToken);
        return;
      case 'open_socket':
        this.#openSocket();
        return;
      case 'send_join':
        this.#write({ type: 'connected', budgetId: this.#options.budgetId });
        return;
      case 'begin_session':
        this.#beginSession();
        return;
      case 'ping_now':
        this.#attempt?.heartbeat?.pingNow();
        return;
      case 'end_attempt':
        this.#endAttempt(effect.how);
        return;
      case 'begin_backoff':
        this.#beginBackoff(effect.attempt, effect.floorMs);
        return;
      case 'end_backoff':
        if (this.#backoff) this.#options.clock.clearTimeout(this.#backoff);
        return;
    }
  }

  #beginAttempt(forceToken: boolean): void {
    const { clock, tuning, getToken } = this.#options;
    const attempt: Attempt = {};
    this.#attempt = attempt;
    attempt.timer = clock.setTimeout(() => {
      this.#lose('connect_timeout');
    }, tuning.connectTimeout);
    void settleFirst(() => fetchToken(getToken, forceToken)).then((fetched) => {
      if (this.#attempt !== attempt) return;
      if (!fetched.ok) {
        this.#events.onTokenFailure(fetched.error);
        this.#lose(fetched.error.kind);
        return;
      }
      attempt.token = { text: fetched.value, isNew: forceToken };
      this.handle({ type: 'token_ready' });
    });
  }

  #openSocket(): void {
    const { clock, webSocket, url } = this.#options;
    const attempt = this.#attempt;
    if (!attempt?.token) return;
    try {
      attempt.link = openLink(webSocket, clock, { url, token: attempt.token.text }, this.#hear());
    } catch {
      // What the constructor says may contain the token, so it goes nowhere.
      queueMicrotask(() => {
        if (this.#attempt === attempt) this.#lose('socket_refused');
      });
    }
  }

  #hear(): Parameters<typeof openLink>[3] {
    return {
      onOpen: () => {
        if (this.#attempt?.link?.speaksProtocol()) this.handle({ type: 'socket_open' });
        else this.#lose('wrong_subprotocol');
      },
      onMessage: (data) => {
        this.#takeMessage(data);
      },
      onClose: (code) => {
        const loss = { kind: 'closed', closeCode: code, reaction: reactionToClose(code) } as const;
        this.handle({ type: 'lost', loss });
      },
    };
  }

  #takeMessage(data: unknown): void {
    if (typeof data !== 'string') {
      this.#events.onMalformed('not_text');
      return;
    }
    const parsed = parseServerMessage(data);
    if (!parsed.ok) {
      this.#events.onMalformed(parsed.failure);
      return;
    }
    const { message } = parsed;
    if (message.type === 'pong') {
      this.#attempt?.heartbeat?.pong(message.n);
      return;
    }
    const attempt = this.#attempt;
    this.#obey(message);
    if (attempt === this.#attempt) this.#events.onMessage(message);
  }

  #obey(message: ServerMessage): void {
    if (message.type !== 'system') return;
    if (message.notice === 'joined') this.handle({ type: 'joined' });
    if (message.reconnectAfterMs !== undefined) {
      const floorMs = Math.min(message.reconnectAfterMs, MAX_STAY_AWAY_MS);
      this.handle({ type: 'stay_away', floorMs });
    }
  }

  #beginSession(): void {
    const { clock, tuning, getToken } = this.#options;
    const attempt = this.#attempt;
    if (!attempt?.token) return;
    if (attempt.timer) clock.clearTimeout(attempt.timer);
    attempt.heartbeat = startHeartbeat({
      clock,
      intervalMs: tuning.heartbeatInterval,
      pongTimeoutMs: tuning.heartbeatTimeout,
      sendPing: (n) => this.#write({ type: 'ping', n }),
      onPong: (latencyMs) => {
        this.handle({ type: 'pong' });
        this.#events.onPong(latencyMs);
      },
      onMissed: () => {
        this.#lose('pong_missed');
      },
    });
    attempt.stopRefresh = startTokenRefresh({
      clock,
      token: attempt.token.text,
      isNew: attempt.token.isNew,
      leadMs: tuning.tokenRefreshLead,
      getToken,
      sendToken: (token) => this.#write({ type: 'auth', token }),
      onFailure: (failure) => {
        this.#events.onTokenFailure(failure);
      },
    });
  }

  #endAttempt(how: 'polite' | 'at_once'): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt?.timer) this.#options.clock.clearTimeout(attempt.timer);
    attempt?.heartbeat?.stop();
    attempt?.stopRefresh?.();
    attempt?.link?.end(how);
  }

  #beginBackoff(attempt: number, floorMs: number): void {
    const { clock, random, tuning } = this.#options;
    const delayMs = backoffDelayMs({
      attempt,
      baseMs: tuning.reconnectInterval,
      maxMs: tuning.maxReconnectInterval,
      floorMs,
      fraction: random.fraction(),
    });
    this.#backoff = clock.setTimeout(() => {
      this.handle({ type: 'backoff_over' });
    }, delayMs);
  }

  #lose(kind: Exclude<LossKind, 'closed'>): void {
    const retried = ['token_unavailable', 'connect_timeout', 'pong_missed'].includes(kind);
    this.handle({ type: 'lost', loss: { kind, reaction: retried ? 'retry' : 'stop' } });
  }

  #write(message: ClientMessage): boolean {
    return this.#attempt?.link?.send(encodeMessage(message)) ?? false;
  }
}

/** Keeps foreign code from running in the middle of a transition. */
const settleFirst = <T>(run: () => Promise<T>): Promise<T> => Promise.resolve().then(run);
