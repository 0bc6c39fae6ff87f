import type { ServerMessage, Signal } from '@sealsync/protocol';

export type ConnectionState =
  'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'error';

/** What reaches a listener: validated messages of peers and of the server, never `pong`. */
export type IncomingSignal = Exclude<ServerMessage, { type: 'pong' }>;

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
}
