import type { HeadHint, Signal } from '@sealsync/protocol';
import type {
  ChannelMetrics,
  ConnectionState,
  IncomingSignal,
  SignalChannel,
} from '../ports/signal-channel.js';
import type { Clock } from '../ports/clock.js';
import { SignalingMeter } from '../signaling/signaling-meter.js';

type Listener<T> = (event: T) => void;

/** What stands in for a signaling server and its connections: one room, delivery in order. */
export class MemorySignalHub {
  /** Every signal that a client sent, oldest first. */
  readonly sent: Signal[] = [];
  readonly #channels = new Set<MemoryChannel>();
  #last: HeadHint | undefined;
  readonly #clock: Clock | undefined;
  readonly #delayMs: number;
  #down = false;

  /** With `delayMs`, so long takes a signal to a peer, and a ping to the hub and back. */
  constructor(clock?: Clock, delayMs = 0) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** Runs `deliver` once it has crossed. */
  later(deliver: () => void): void {
    if (this.#clock && this.#delayMs > 0) this.#clock.setTimeout(deliver, this.#delayMs);
    else queueMicrotask(deliver);
  }

  createChannel(): SignalChannel {
    return new MemoryChannel(this);
  }

  /** Cuts or restores every connection. */
  setDown(down: boolean): void {
    this.#down = down;
    for (const channel of this.#channels) channel.changeState(down ? 'reconnecting' : 'connected');
    if (!down) for (const channel of this.#channels) this.#tellLast(channel);
  }

  /** Has every channel that is cut try again, in vain. */
  retryInVain(): void {
    if (!this.#down) return;
    for (const channel of this.#channels) {
      channel.changeState('connecting');
      channel.changeState('reconnecting');
    }
  }

  /** Delivers something that no member sent, to everybody. */
  invent(signal: IncomingSignal): void {
    for (const channel of this.#channels) channel.hear(signal);
  }

  join(channel: MemoryChannel): void {
    this.#channels.add(channel);
    queueMicrotask(() => {
      if (this.#down || !this.#channels.has(channel)) return;
      channel.changeState('connected');
      this.#tellLast(channel);
    });
  }

  leave(channel: MemoryChannel): void {
    this.#channels.delete(channel);
  }

  relay(from: MemoryChannel, signal: Signal): boolean {
    if (this.#down) return false;
    this.sent.push(signal);
    if (signal.type === 'data_changed' && !signal.early) this.#noteHead(signal);
    for (const channel of this.#channels) {
      if (channel === from) continue;
      this.later(() => {
        channel.hear(signal);
      });
    }
    return true;
  }

  /** To the hub and back, in ms; undefined where nothing takes time. */
  get roundTripMs(): number | undefined {
    return this.#delayMs > 0 ? this.#delayMs : undefined;
  }

  get nowMs(): number {
    return this.#clock?.now() ?? 0;
  }

  #noteHead(head: HeadHint): void {
    if (head.seq >= (this.#last?.seq ?? 0)) this.#last = head;
  }

  #tellLast(channel: MemoryChannel): void {
    if (this.#last) channel.hear({ ...this.#last, type: 'data_changed' });
  }
}

class MemoryChannel implements SignalChannel {
  readonly #hub: MemorySignalHub;
  readonly #signals = new Set<Listener<IncomingSignal>>();
  readonly #states = new Set<Listener<ConnectionState>>();
  readonly #meter = new SignalingMeter();
  #state: ConnectionState = 'disconnected';

  constructor(hub: MemorySignalHub) {
    this.#hub = hub;
  }

  open(): void {
    if (this.#state !== 'disconnected') return;
    this.changeState('connecting');
    this.#hub.join(this);
  }

  close(): void {
    this.#hub.leave(this);
    this.#signals.clear();
    this.#states.clear();
    this.#state = 'disconnected';
  }

  send(signal: Signal): boolean {
    const wasSent = this.#state === 'connected' && this.#hub.relay(this, signal);
    if (wasSent) this.#meter.countSent();
    return wasSent;
  }

  state(): ConnectionState {
    return this.#state;
  }

  onSignal(listener: Listener<IncomingSignal>): () => void {
    this.#signals.add(listener);
    return () => this.#signals.delete(listener);
  }

  onState(listener: Listener<ConnectionState>): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }

  ping(): void {
    const { roundTripMs, nowMs } = this.#hub;
    if (roundTripMs === undefined) return;
    this.#hub.later(() => {
      this.#meter.countPong(roundTripMs, nowMs + roundTripMs);
    });
  }

  metrics(): ChannelMetrics {
    return this.#meter.read();
  }

  hear(signal: IncomingSignal): void {
    this.#meter.countReceived();
    for (const listener of this.#signals) listener(signal);
  }

  changeState(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === 'connected') this.#meter.countConnected();
    for (const listener of this.#states) listener(state);
  }
}
