import { MESSAGE_BURST, MESSAGES_PER_SECOND, TokenBucket, type HeadHint } from '@sealsync/protocol';
import type { Clock } from '../ports/clock.js';
import type {
  ChannelMetrics,
  ConnectionState,
  IncomingSignal,
  SignalChannel,
} from '../ports/signal-channel.js';
import { NamedTimers } from './named-timers.js';
import { addMetrics, NO_CHANNEL } from './sync-metrics.js';

/** Opens a signal channel for the budget at `url`; `token` replaces the default token source. */
export type OpenChannel = (url: string, token?: string) => SignalChannel;

export interface RealtimeLinkDeps {
  readonly clock: Clock;
  readonly openChannel: OpenChannel;
  readonly onSignal: (signal: IncomingSignal) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** Leaves room below the server's rate for pings, presence and whatever else a client sends. */
const SHARE_OF_RATE = 0.75;
const RETRY_MS = 100;
/** Tokens that an early hint leaves: for the head itself, and for edits that follow. */
const SPARE_TOKENS = 8;
/** So many pongs tell the round trip; a single one may have come while everybody was busy. */
const MIN_PONGS = 3;

/** The signaling connection, if there is one, and what it still has to tell. */
export class RealtimeLink {
  readonly #deps: RealtimeLinkDeps;
  readonly #timers: NamedTimers<'announce'>;
  readonly #bucket: TokenBucket;
  #channel: SignalChannel | undefined;
  /** The newest head that no live connection has told peers of yet. */
  #untold: HeadHint | undefined;
  #untoldMembership = false;
  /** Of the connections before this one. */
  #pastMetrics = NO_CHANNEL;

  constructor(deps: RealtimeLinkDeps) {
    this.#deps = deps;
    this.#timers = new NamedTimers(deps.clock);
    this.#bucket = new TokenBucket(
      MESSAGES_PER_SECOND * SHARE_OF_RATE,
      MESSAGE_BURST * SHARE_OF_RATE,
      deps.clock.now(),
    );
  }

  /** Replaces the connection there was. */
  open(url: string, token?: string): void {
    this.close();
    const channel = this.#deps.openChannel(url, token);
    this.#channel = channel;
    channel.onState((state) => {
      if (state === 'connected') this.#tell();
      this.#deps.onState(state);
    });
    channel.onSignal(this.#deps.onSignal);
    channel.open();
  }

  close(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    this.#timers.clearAll();
    if (!channel) return;
    this.#pastMetrics = addMetrics(this.#pastMetrics, channel.metrics?.() ?? NO_CHANNEL);
    channel.close();
    this.#deps.onState('disconnected');
  }

  get state(): ConnectionState {
    return this.#channel?.state() ?? 'disconnected';
  }

  get metrics(): ChannelMetrics {
    return addMetrics(this.#pastMetrics, this.#channel?.metrics?.() ?? NO_CHANNEL);
  }

  /** Tells peers of the head after an append: now, or as soon as connection and rate allow it. */
  announce(head: HeadHint): void {
    this.#untold = head;
    this.#tell();
  }

  /** Tells peers of a head that is under way; dropped unless that is possible at once. */
  announceEarly(head: HeadHint): void {
    if (this.#untold || this.state !== 'connected' || this.#timers.has('announce')) return;
    if (!this.#bucket.take(this.#deps.clock.now(), SPARE_TOKENS)) return;
    this.#channel?.send({ type: 'data_changed', ...head });
  }

  /** To the signaling server and back, in ms, guessed low; undefined until measured. */
  get roundTripMs(): number | undefined {
    const { pongs, leastLatencyMs } = this.#channel?.metrics?.() ?? NO_CHANNEL;
    return pongs < MIN_PONGS ? undefined : leastLatencyMs;
  }

  /** Tells peers and the server that people have changed. */
  announceMembership(): void {
    this.#untoldMembership = true;
    this.#tell();
  }

  #tell(): void {
    if (
      !(this.#untold ?? this.#untoldMembership) ||
      this.state !== 'connected' ||
      this.#timers.has('announce')
    )
      return;
    if (!this.#bucket.take(this.#deps.clock.now())) {
      this.#timers.set('announce', RETRY_MS, () => {
        this.#tell();
      });
      return;
    }
    if (this.#sendNext() && (this.#untold ?? this.#untoldMembership)) this.#tell();
  }

  /** Whether a live connection took it. */
  #sendNext(): boolean {
    const head = this.#untold;
    const signal = head
      ? ({ type: 'data_changed', ...head } as const)
      : ({ type: 'membership_changed' } as const);
    if (this.#channel?.send(signal) !== true) return false;
    // Only who tells of heads has a use for it, so idle clients do not ask.
    if (head && this.roundTripMs === undefined) this.#channel.ping?.();
    if (head) this.#untold = undefined;
    else this.#untoldMembership = false;
    return true;
  }
}
