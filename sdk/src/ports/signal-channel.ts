import type { ServerMessage, Signal } from '@sealsync/protocol';

export type ConnectionState =
  'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'error';

/** What reaches a listener: validated messages of peers and of the server, never `pong`. */
export type IncomingSignal = Exclude<ServerMessage, { type: 'pong' }>;

/** Counted over all connections of a channel. */
export interface ChannelMetrics {
  /** From the last ping to its pong, in ms; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** The shortest of the last eight, in ms: what the way takes while nobody is busy. */
  readonly leastLatencyMs: number | undefined;
  /** Over all pings that were answered, in ms; undefined before the first. */
  readonly meanLatencyMs: number | undefined;
  /** Pings that were answered. */
  readonly pongs: number;
  /** How often this was connected again after the first time. */
  readonly reconnects: number;
  /** Valid messages heard, without pongs. */
  readonly signalsIn: number;
  /** Signals handed to a live connection, without pings and tokens. */
  readonly signalsOut: number;
  /** Messages that were ignored because they fit no schema. */
  readonly malformedIn: number;
}

/**
 * Hints between the devices of one budget. Losing, repeating or forging a signal
 * costs at most one cheap read, so nothing is queued, acknowledged or retried.
 */
export interface SignalChannel {
  /** Starts connecting in the background; calling it twice is harmless. */
  open(): void;
  /** Disconnects for good; may be called twice. No callback follows. */
  close(): void;
  /** Whether the signal was handed to a live connection. Never throws. */
  send(signal: Signal): boolean;
  state(): ConnectionState;
  onSignal(listener: (signal: IncomingSignal) => void): () => void;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Asks the server for a pong now, so that `metrics` tells the latency before long. */
  ping?(): void;
  /** What came of it so far; also after `close`. */
  metrics?(): ChannelMetrics;
}
