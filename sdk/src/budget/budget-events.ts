import type { SealsyncError } from '../errors.js';
import { watchInvalid, type InvalidRecordEvent } from './invalid-records.js';
import type { SchemaChecks } from './schemas.js';
import type { Conflict } from '../model/conflict.js';
import type { Replica } from '../sync/replica.js';
import type { SecurityEvent } from '../sync/security-event.js';
import type { MembershipEnd } from '../sync/standing.js';
import type { ConnectionChange, PresenceSignal, SyncNews, SyncRequest } from '../sync/sync-news.js';
import type { SyncProgress } from '../sync/sync-progress.js';

/** Which record changed, and whether this device made the change or the log brought it. */
export interface RecordChange {
  readonly collection: string;
  readonly id: string;
  readonly origin: 'local' | 'remote';
}

/** What a budget tells. */
export interface BudgetEvents {
  /** A record of any collection was put or changed. */
  readonly record_updated: RecordChange;
  /** A record of any collection was removed. */
  readonly record_deleted: RecordChange;
  /** A peer or the server asks to look at the log; the kit looks by itself. */
  readonly sync_required: SyncRequest;
  /** Of the signaling connection. */
  readonly connection_state_changed: ConnectionChange;
  /** Somebody came, went or says what they do: a hint that nobody proves. */
  readonly presence: PresenceSignal;
  /** How far a long read or upload has come; what fits into one request tells nothing. */
  readonly progress: SyncProgress;
  /**
   * Something failed in the background. It is tried again where that helps; a failure that goes
   * on is told once. Pending edits stay pending.
   */
  readonly error: SealsyncError;
  /** The first who listens is also told of those that were found before, up to 100. */
  readonly conflict: Conflict;
  readonly security: SecurityEvent;
  /**
   * A record does not fit its collection's schema. A new listener is told of all that do not;
   * they are kept, and `collection(name).invalid()` lists them.
   */
  readonly invalid: InvalidRecordEvent;
  /** Members, invites or devices have changed: see `people`. */
  readonly people: undefined;
  /**
   * This device is out, as somebody has signed whom its copy of the log knows as an owner, or as
   * this user: told once. Where the copy is empty or older than that, all there is to hear is
   * the error `access_denied`.
   */
  readonly removed: MembershipEnd;
}

/** For every event, who is told of it from now on; each answers with what ends that. */
export type Subscriptions = {
  readonly [K in keyof BudgetEvents]: (listener: (event: BudgetEvents[K]) => void) => () => void;
};

export interface SubscriptionDeps {
  readonly replica: Replica;
  readonly news: SyncNews;
  readonly checks: SchemaChecks;
  readonly onListenerError: (error: unknown) => void;
}

export function createSubscriptions({
  replica,
  news,
  checks,
  onListenerError,
}: SubscriptionDeps): Subscriptions {
  const onRecords = (areGone: boolean, listener: (change: RecordChange) => void): (() => void) =>
    replica.changes.add(({ origin, keys }) => {
      for (const { collection, id } of keys) {
        const isGone = replica.get({ collection, id }) === undefined;
        if (isGone === areGone) listener({ collection, id, origin });
      }
    });
  return {
    record_updated: (listener) => onRecords(false, listener),
    record_deleted: (listener) => onRecords(true, listener),
    conflict: (listener) => replica.conflicts.add(listener),
    security: (listener) => replica.security.add(listener),
    invalid: (listener) => watchInvalid(listener, replica, checks, onListenerError),
    people: (listener) => replica.people.add(listener),
    removed: (listener) => replica.ended.add(listener),
    sync_required: (listener) => news.requests.add(listener),
    connection_state_changed: (listener) => news.connection.add(listener),
    presence: (listener) => news.presence.add(listener),
    progress: (listener) => news.progress.add(listener),
    error: (listener) => news.errors.add(listener),
  };
}
