export {
  createSync,
  type CreateSyncOptions,
  type Sealsync,
  type SignedInUser,
} from './create-sync.js';
export { openKeyslots, type OpenKeyslotsOptions } from './open-keyslots.js';
export type {
  KeyslotSummary,
  Keyslots,
  KeyslotsEvents,
  LockEvent,
  NewPasskey,
  PreparedRotation,
  UnlockSecret,
} from './people/keyslots.js';
export type { KeyslotEvent, KeyslotEventKind } from './people/keyslot-event.js';
export { isPasskeySupported } from './local/webauthn.js';
export {
  createPasskey,
  readPasskeyPrf,
  type CreatePasskeyOptions,
  type ReadPasskeyPrfOptions,
} from './local/passkey.js';
export { unlockWithPasskey, type UnlockWithPasskeyOptions } from './unlock-with-passkey.js';
export { PASSKEY_PRF_INPUT } from './crypto/keyslot-secret.js';
export { generateIdentity, type Identity } from './create-identity.js';
export {
  SealsyncError,
  isSealsyncError,
  type RecordIssue,
  type SealsyncErrorKind,
} from './errors.js';
export { WebSocketSignalingService } from './web-socket-signaling-service.js';
export { signalingConfigFromEnv } from './signaling/signaling-config-from-env.js';
export type { WebSocketConstructor } from './signaling/web-socket-link.js';
export { createIndexedDbStore } from './local/indexed-db-store.js';
export { openBrowserTabs } from './local/browser-tabs.js';
export { createMemoryStore } from './local/memory-store.js';
export { createOperationCounter, type OperationCounter } from './ports/operation-counter.js';
export type { Budget, CloseOptions, CollectionShapes, Transaction } from './budget/budget.js';
export type { BudgetEvents, RecordChange } from './budget/budget-events.js';
export type { Collection, CollectionChange } from './budget/collection.js';
export type { InvalidRecord, InvalidRecordEvent } from './budget/invalid-records.js';
export type { BudgetOptions, Schemas } from './budget/schemas.js';
export type { CollectionWriter, NumericField } from './budget/op-builder.js';
export type {
  ExportHistoryOptions,
  HistoryOptions,
  HistoryPage,
} from './history/budget-history.js';
export type { HistoryEdit, HistoryEntry } from './history/history-entry.js';
export { verifyBackup } from './verify-backup.js';
export type {
  BackupOptions,
  BackupSummary,
  RestoreOptions,
  RestoreSummary,
} from './backup/budget-backup.js';
export type { SyncOrchestrator, SyncState, SyncStatus } from './sync/sync-orchestrator.js';
export type { ConnectionChange, PresenceSignal, SyncRequest } from './sync/sync-news.js';
export type { SyncMetrics } from './sync/sync-metrics.js';
export type { Pruned } from './sync/prune-log.js';
export type { SyncProgress } from './sync/sync-progress.js';
export type { SyncSettings } from './sync/sync-settings.js';
export type {
  BudgetSecurityEvent,
  SecurityEvent,
  SecurityEventKind,
} from './sync/security-event.js';
export type { MembershipEnd } from './sync/standing.js';
export type { BudgetPeople, DeviceView, InviteView, MemberView } from './people/budget-people.js';
export type { Invite } from './people/manage-invites.js';
export type {
  FailedRotation,
  RotateIdentityOptions,
  RotatedIdentity,
  RotationProgress,
} from './people/rotate-everywhere.js';
export type { PeopleSettings } from './people/people-settings.js';
export type { Conflict, ConflictSide } from './model/conflict.js';
export type { BudgetId, DeviceId } from './model/ids.js';
export type { Edit, Fields, Op, Stamp, Value } from './model/edit.js';
export type { PublicKeys, Statement } from './model/membership.js';
export type { Role } from './model/roles.js';
export type { Clock, TimerId } from './ports/clock.js';
export type { Random } from './ports/random.js';
export type { Logger, LogData } from './ports/logger.js';
export type { LocalStore, StoreBatch, StoreError } from './ports/local-store.js';
export type {
  ChannelMetrics,
  ConnectionState,
  IncomingSignal,
  SignalChannel,
} from './ports/signal-channel.js';
export type { Leadership, TabChannel, TabGroup, TabMessage } from './ports/tab-group.js';
export type { Wakeups } from './ports/wakeups.js';
