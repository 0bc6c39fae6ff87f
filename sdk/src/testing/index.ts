export { VirtualClock } from './virtual-clock.js';
export { describeLocalStore } from './local-store-contract.js';
export type { LocalStoreFixture, TestFunctions } from './local-store-contract.js';
export {
  createMemoryBackend,
  type MemoryBackend,
  type MemoryBackendOptions,
} from './memory-backend.js';
export {
  disruptOnce,
  type Disruption,
  type Interceptor,
  type RemoteCall,
  type RemoteOperation,
  type SnapshotTampering,
  type Tampering,
} from './memory-log-faults.js';
export type { MemoryInvite, StoredBudget } from './memory-stored-budget.js';
export type { StoredPins } from './memory-access.js';
export { describeRemoteLog, type RemoteEnvironment } from './remote-log-contract.js';
export { describeSnapshotStorage } from './snapshot-storage-contract.js';
export { createSeededRandom } from './seeded-random.js';
