import type { SealsyncError, SealsyncErrorKind } from '../errors.js';
import { Listeners } from '../listeners.js';
import type { ConnectionState, IncomingSignal } from '../ports/signal-channel.js';
import type { SyncProgress } from './sync-progress.js';
import type { SyncStatus } from './sync-orchestrator.js';

export interface ConnectionChange {
  readonly from: ConnectionState;
  readonly to: ConnectionState;
}

/** Somebody, member or server, asks to look at the log. The kit looks by itself. */
export type SyncRequest = Extract<IncomingSignal, { type: 'sync_required' }>;

/**
 * Somebody came, went, or says what they do. Nobody proves it: anyone who is let into the
 * room, and the server, can say so.
 */
export type PresenceSignal = Extract<
  IncomingSignal,
  { type: 'connected' | 'disconnected' | 'presence' }
>;

/** What goes on without anybody asking for it. */
type Background = 'sync' | 'people';

/** Who wants to hear how syncing goes. */
export class SyncNews {
  readonly status: Listeners<SyncStatus>;
  readonly connection: Listeners<ConnectionChange>;
  readonly requests: Listeners<SyncRequest>;
  readonly presence: Listeners<PresenceSignal>;
  readonly progress: Listeners<SyncProgress>;
  readonly errors: Listeners<SealsyncError>;
  readonly #failing = new Map<Background, SealsyncErrorKind>();

  constructor(onListenerError: (error: unknown) => void) {
    this.status = new Listeners(onListenerError);
    this.connection = new Listeners(onListenerError);
    this.requests = new Listeners(onListenerError);
    this.presence = new Listeners(onListenerError);
    this.progress = new Listeners(onListenerError);
    this.errors = new Listeners(onListenerError);
  }

  /** A failure that goes on is told once, not at every try. */
  failed(what: Background, error: SealsyncError): void {
    const isKnown = [...this.#failing.values()].includes(error.kind);
    this.#failing.set(what, error.kind);
    if (!isKnown) this.errors.tell(error);
  }

  succeeded(what: Background): void {
    this.#failing.delete(what);
  }

  heard(signal: IncomingSignal): void {
    const { type } = signal;
    if (type === 'sync_required') this.requests.tell(signal);
    else if (type === 'connected' || type === 'disconnected' || type === 'presence') {
      this.presence.tell(signal);
    }
  }
}
