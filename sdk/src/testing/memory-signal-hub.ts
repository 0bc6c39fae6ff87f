import type { HeadHint, Signal } from '@sealsync/protocol';
import type {
  ChannelMetrics,
  ConnectionState,
  IncomingSignal,
  SignalChannel,
} from '../ports/signal-channel.js';
import { SignalingMeter } from '../signaling/signaling-meter.js';

type Listener<T> = (event: T) => void;

/** What stands in for a signaling server and its connections: one room, delivery in order. */
export class MemorySignalHub {
  /** Every signal that a client sent, oldest first. */
  readonly sent: Signal[] = [];
  readonly #channels = new Set<MemoryChannel>();
  #last: HeadHint | undefined;
  #down = false;

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
    if (signal.type === 'data_changed' && signal.seq >= (this.#last?.seq ?? 0)) this.#last = signal;
    for (const channel of this.#channels) {
      if (channel !== from) queueMicrotask(() => channel.hear(signal));
    }
    return true;
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
