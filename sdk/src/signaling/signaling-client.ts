import type { Signal } from '@sealsync/protocol';
import { SealsyncError } from '../errors.js';
import { isBudgetId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import { silentLogger } from '../ports/logger.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { ChannelMetrics, ConnectionState, IncomingSignal } from '../ports/signal-channel.js';
import { Connection } from './connection.js';
import { describeLoss } from './describe-loss.js';
import type { GetToken } from './fetch-token.js';
import { Listeners } from '../listeners.js';
import { checkSignal, makeSignal } from './make-signal.js';
import type { SignalMetadata, SignalType } from './make-signal.js';
import { resolveTuning } from './settings.js';
import type { SignalingTuning } from './settings.js';
import { SignalingMeter } from './signaling-meter.js';
import { checkSignalingUrl } from './signaling-url.js';
import { initialState } from './state-machine.js';
import type { State } from './state-machine.js';
import { browserWakeups } from './wakeups.js';
import type { Wakeups } from '../ports/wakeups.js';
import { platformWebSocket } from './web-socket-link.js';
import type { WebSocketConstructor } from './web-socket-link.js';

export interface SignalingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger | undefined;
  /** By default the platform's; Node 20 has none: pass that of the package `ws`. */
  readonly webSocket?: WebSocketConstructor | undefined;
  /** By default `online`, visibility and unfreezing of the page, where there is one. */
  readonly wakeups?: Wakeups | undefined;
}

export type SignalingOptions = {
  readonly [N in keyof SignalingTuning]?: SignalingTuning[N] | undefined;
} & {
  /** `wss://...`; `ws://` for this machine only. */
  readonly url: string;
  /** 32 hex digits. */
  readonly budgetId: string;
  /** Answers with an ID token: called for every attempt, and by force before one ends. */
  readonly getToken: GetToken;
  /** Allows `ws://` to other machines, where anyone on the way can read the token. Default false. */
  readonly allowInsecureUrl?: boolean | undefined;
};

export interface SignalingStatus {
  readonly isConnected: boolean;
  readonly state: ConnectionState;
  /** Which reconnect is under way or was the last; 0 while connected. */
  readonly attempts: number;
  /** When the server last answered a ping, in ms since the Unix epoch. */
  readonly lastHeartbeat: number | undefined;
  /** Why the connection was lost, while it is. */
  readonly error: SealsyncError | undefined;
}

export interface ConnectionStateChange {
  readonly type: 'connection_state_changed';
  readonly from: ConnectionState;
  readonly to: ConnectionState;
  readonly attempts: number;
  readonly error: SealsyncError | undefined;
}

/** Something that went wrong and was survived. `message` repeats nothing that a peer sent. */
export interface SignalingProblem {
  readonly kind: 'malformed_message' | 'listener_failed' | 'token_unavailable' | 'token_unusable';
  readonly message: string;
}

/**
 * Hints between the devices of one budget over a WebSocket. Losing one costs nothing
 * but time: whoever syncs also does so on every connect and at an interval.
 */
export class SignalingClient {
  readonly #deps: SignalingDeps;
  readonly #logger: Logger;
  readonly #meter = new SignalingMeter();
  readonly #signals = new Listeners<IncomingSignal>((error) => this.#reportListener(error));
  readonly #changes = new Listeners<ConnectionStateChange>((error) => this.#reportListener(error));
  readonly #problems = new Listeners<SignalingProblem>(() => {
    this.#logger.error('A listener of signaling problems failed.');
  });
  /** Changes not told yet: a listener may cause the next one, and all hear both in order. */
  readonly #untold: ConnectionStateChange[] = [];
  #isTelling = false;
  readonly #waiting: ((state: ConnectionState) => void)[] = [];
  #options: SignalingOptions | undefined;
  #connection: Connection | undefined;
  #stopWaking: (() => void) | undefined;

  constructor(deps: SignalingDeps) {
    this.#deps = deps;
    this.#logger = deps.logger ?? silentLogger;
  }

  /**
   * Connects, and stays connected until {@link disconnect}. Resolves, and never rejects,
   * with the first state that is not `connecting`; later ones go to {@link onStateChange}.
   * A call for the same URL and budget goes on with the new `getToken`; one for another
   * takes the connection's place. Throws `bad_config`.
   */
  connect(options: SignalingOptions): Promise<ConnectionState> {
    const url = checkSignalingUrl(options.url, options.allowInsecureUrl ?? false);
    if (!isBudgetId(options.budgetId)) {
      throw new SealsyncError(
        'bad_config',
        'Set budgetId to the 32 hex digits that name a budget.',
      );
    }
    const tuning = resolveTuning(options);
    const isSame =
      this.#options?.url === options.url && this.#options.budgetId === options.budgetId;
    const isActive = this.#state().name !== 'disconnected';
    if (!isSame || !isActive) {
      const webSocket = this.#deps.webSocket ?? platformWebSocket();
      this.disconnect();
      this.#options = options;
      this.#connection = this.#makeConnection({ url, tuning, webSocket }, options.budgetId);
      this.#wake();
      this.#connection.handle({ type: 'connect' });
    }
    this.#options = options;
    return this.#settled();
  }

  /** Disconnects and stays so; may be called twice. Listeners stay for the next connect. */
  disconnect(): void {
    this.#stopWaking?.();
    this.#stopWaking = undefined;
    this.#connection?.handle({ type: 'disconnect' });
  }

  /** Tries anew at once, whatever state this is in; the one way on from a final `error`. */
  reconnect(): Promise<ConnectionState> {
    if (!this.#connection) {
      throw new SealsyncError('bad_config', 'Call connect(options) before reconnect().');
    }
    this.#wake();
    this.#connection.handle({ type: 'reconnect' });
    return this.#settled();
  }

  /** Calls `listener` for every message of the server and of peers; answers with its removal. */
  onSignal(listener: (signal: IncomingSignal) => void): () => void {
    return this.#signals.add(listener);
  }

  onStateChange(listener: (change: ConnectionStateChange) => void): () => void {
    return this.#changes.add(listener);
  }

  onError(listener: (problem: SignalingProblem) => void): () => void {
    return this.#problems.add(listener);
  }

  /**
   * Tells the other members' devices; whether it was handed to a live connection, which
   * nobody acknowledges. `data_changed` without `metadata` goes out as `sync_required`.
   * Throws `bad_input` for metadata that the type of signal has no room for.
   */
  sendSignal<T extends SignalType>(type: T, metadata?: SignalMetadata<T>): boolean {
    const signal = makeSignal(type, metadata);
    if (!signal) {
      throw new SealsyncError(
        'bad_input',
        `A ${type} signal cannot carry this; send only the fields of its type.`,
      );
    }
    return this.#hand(signal);
  }

  /** {@link sendSignal} for a whole signal; false, and never a throw, for one of a wrong shape. */
  send(signal: Signal): boolean {
    const checked = checkSignal(signal);
    if (checked) return this.#hand(checked);
    this.#logger.error('A signal that fits no schema was not sent.', { type: signal.type });
    return false;
  }

  /** Asks for a pong now, rather than at the next heartbeat; nothing unless connected. */
  ping(): void {
    if (this.#state().name === 'connected') this.#connection?.handle({ type: 'wake' });
  }

  getStatus(): SignalingStatus {
    const state = this.#state();
    return {
      isConnected: state.name === 'connected',
      state: state.name,
      attempts: countAttempts(state),
      lastHeartbeat: this.#meter.lastHeartbeatMs,
      error: 'loss' in state ? describeLoss(state.loss) : undefined,
    };
  }

  getMetrics(): ChannelMetrics {
    return this.#meter.read();
  }

  #hand(signal: Signal): boolean {
    const wasSent = this.#connection?.send(signal) ?? false;
    if (wasSent) this.#meter.countSent();
    return wasSent;
  }

  #makeConnection(
    checked: { url: string; tuning: SignalingTuning; webSocket: WebSocketConstructor },
    budgetId: string,
  ): Connection {
    const { clock, random } = this.#deps;
    const getToken: GetToken = (forceRefresh) => this.#options?.getToken(forceRefresh) ?? '';
    return new Connection(
      { clock, random, budgetId, getToken, ...checked },
      {
        onState: (from, to) => {
          this.#takeState(from, to);
        },
        onMessage: (message) => {
          this.#meter.countReceived();
          this.#signals.tell(message);
        },
        onMalformed: (why) => {
          this.#meter.countMalformed();
          this.#report('malformed_message', `The server sent a message that is ${why}; ignored.`);
        },
        onTokenFailure: ({ kind, message }) => {
          this.#report(kind, message);
        },
        onPong: (latencyMs) => {
          this.#meter.countPong(latencyMs, clock.now());
        },
      },
    );
  }

  #takeState(from: State, to: State): void {
    const error = 'loss' in to ? describeLoss(to.loss) : undefined;
    const attempts = countAttempts(to);
    if (to.name === 'connected') this.#meter.countConnected();
    this.#logger.info('Signaling changed state.', {
      from: from.name,
      to: to.name,
      attempts,
      ...('loss' in to && { loss: to.loss.kind, closeCode: to.loss.closeCode }),
    });
    this.#untold.push({
      type: 'connection_state_changed',
      from: from.name,
      to: to.name,
      attempts,
      error,
    });
    this.#tellChanges();
  }

  #tellChanges(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) {
      this.#changes.tell(next);
      if (next.to !== 'connecting') this.#resolveWaiting(next.to);
    }
    this.#isTelling = false;
  }

  #settled(): Promise<ConnectionState> {
    const { name } = this.#state();
    if (name !== 'connecting') return Promise.resolve(name);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #resolveWaiting(state: ConnectionState): void {
    for (const resolve of this.#waiting.splice(0)) resolve(state);
  }

  #wake(): void {
    const wakeups = this.#deps.wakeups ?? browserWakeups;
    this.#stopWaking ??= wakeups.onWake(() => this.#connection?.handle({ type: 'wake' }));
  }

  #state(): State {
    return this.#connection?.state ?? initialState;
  }

  /** Names the error only: its text may hold what the app was working on. */
  #reportListener(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.#report('listener_failed', `A listener failed with ${name}; the others were told.`);
  }

  #report(kind: SignalingProblem['kind'], message: string): void {
    this.#logger.warn(message, { kind });
    this.#problems.tell({ kind, message });
  }
}

/** Nobody counts attempts while a connection stands, even one that has yet to prove itself. */
const countAttempts = (state: State): number =>
  'attempt' in state && state.name !== 'connected' ? state.attempt : 0;
