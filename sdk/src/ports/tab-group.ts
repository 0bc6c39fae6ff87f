import type { SealsyncErrorKind } from '../errors.js';

/** What tabs of one app tell each other: that something happened, never keys or data. */
export type TabMessage =
  /** The outbox in the store has changed. */
  | { readonly type: 'edited' }
  /** The log in the store goes on. */
  | { readonly type: 'stored' }
  /** The log in the store was exchanged for another one. */
  | { readonly type: 'replaced' }
  /** `tab` has begun to lead. */
  | { readonly type: 'leads'; readonly tab: string }
  /** `tab` has work that only a leader can do: the leader finishes its round and lets go. */
  | { readonly type: 'yield'; readonly tab: string }
  /** This user, or this device, is out of the budget: each tab finds out for itself. */
  | { readonly type: 'ended' }
  /** Asks the leader for a sign of life. */
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  /** Asks the leader to sync now. */
  | { readonly type: 'sync'; readonly id: string }
  | { readonly type: 'synced'; readonly id: string; readonly error?: SealsyncErrorKind }
  /** The user locked the app. */
  | { readonly type: 'lock' }
  /** The user is there. */
  | { readonly type: 'touch' };

/** How the tabs of one origin, in one browser profile, reach each other. */
export interface TabChannel {
  /** Reaches all other tabs, at some later time. */
  tell(message: TabMessage): void;
  /** Answers with its own removal. */
  onMessage(listener: (message: TabMessage) => void): () => void;
  /** May be called twice. */
  close(): void;
}

/** Being the one tab that leads. */
export interface Leadership {
  /** Aborted once another tab has taken it away. */
  readonly lost: AbortSignal;
  /** Lets the tab lead that has waited longest. May be called twice. */
  release(): void;
}

export interface TabGroup extends TabChannel {
  /**
   * Resolves once this tab leads: after all that asked before it, or at once with `steal`, which
   * takes it from whoever has it. A tab that is closed leads no more. Rejects once `signal` is
   * aborted before that.
   */
  lead(signal: AbortSignal, how?: 'wait' | 'steal'): Promise<Leadership>;
}
