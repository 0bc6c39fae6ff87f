import { MESSAGE_BURST, MESSAGES_PER_SECOND, TokenBucket, type HeadHint } from '@sealsync/protocol';
import type { Clock } from '../ports/clock.js';
import type { ConnectionState, IncomingSignal, SignalChannel } from '../ports/signal-channel.js';
import { NamedTimers } from './named-timers.js';

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

/** The signaling connection, if there is one, and what it still has to tell. */
export class RealtimeLink {
  readonly #deps: RealtimeLinkDeps;
  readonly #timers: NamedTimers<'announce'>;
  readonly #bucket: TokenBucket;
  #channel: SignalChannel | undefined;
  /** The newest head that no live connection has told peers of yet. */
  #untold: HeadHint | undefined;

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
    channel.close();
    this.#deps.onState('disconnected');
  }

  get state(): ConnectionState {
    return this.#channel?.state() ?? 'disconnected';
  }

  /** Tells peers of the head after an append: now, or as soon as connection and rate allow it. */
  announce(head: HeadHint): void {
    this.#untold = head;
    this.#tell();
  }

  #tell(): void {
    if (!this.#untold || this.state !== 'connected' || this.#timers.has('announce')) return;
    if (!this.#bucket.take(this.#deps.clock.now())) {
      this.#timers.set('announce', RETRY_MS, () => {
        this.#tell();
      });
      return;
    }
    const sent = this.#channel?.send({ type: 'data_changed', ...this.#untold }) === true;
    if (sent) this.#untold = undefined;
  }
}
