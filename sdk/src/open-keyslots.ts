import type { FirebaseApp } from 'firebase/app';
import { loadSodium } from './crypto/sodium.js';
import { SealsyncError } from './errors.js';
import { createMemoryStore } from './local/memory-store.js';
import { openPlatformChannel } from './local/platform-store.js';
import { secureRandom } from './local/secure-random.js';
import { systemClock } from './local/system-clock.js';
import type { Keyslots } from './people/keyslots.js';
import { createKeyslots } from './people/sealed-keyslots.js';
import type { Clock } from './ports/clock.js';
import type { LocalStore } from './ports/local-store.js';
import { silentLogger, type Logger } from './ports/logger.js';
import { createOperationCounter, type OperationCounter } from './ports/operation-counter.js';
import type { Random } from './ports/random.js';
import type { TabChannel } from './ports/tab-group.js';
import { openFirestore } from './remote/open-firestore.js';

export interface OpenKeyslotsOptions {
  /** The app's own Firebase app, in which `user` is signed in. */
  readonly firebase: FirebaseApp;
  readonly user: { readonly uid: string };
  /**
   * Where the sealed slots are kept on this device, to unlock offline and to notice old ones;
   * in memory by default. `close` closes it.
   */
  readonly store?: LocalStore;
  /**
   * Locks once nobody has unlocked or called `touch` for so long, 1 s at least; never by default.
   * An app calls `touch` at whatever shows that its user is there.
   */
  readonly autoLockMs?: number;
  /**
   * Reaches the app's other tabs: who locks in one locks in all, and is there in all. By default
   * by BroadcastChannel in browsers; `false` for a tab that locks alone. `close` closes it.
   */
  readonly tabs?: false | TabChannel;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Adds up what Firestore bills. */
  readonly count?: OperationCounter;
}

const MIN_AUTO_LOCK_MS = 1_000;
/** What every platform's timers can hold: some 24 days. */
const MAX_AUTO_LOCK_MS = 2_147_483_647;

/** The keyslots of a signed-in user. Reads nothing yet. Throws `bad_config`. */
export async function openKeyslots(options: OpenKeyslotsOptions): Promise<Keyslots> {
  const { firebase, user, store = createMemoryStore(), logger = silentLogger } = options;
  const { clock = systemClock, random = secureRandom } = options;
  const { count = createOperationCounter(), autoLockMs } = options;
  checkAutoLock(autoLockMs);
  await loadSodium();
  const { keyslots } = openFirestore({ firebase, uid: user.uid, clock, count });
  const autoLock = autoLockMs === undefined ? {} : { autoLockMs };
  const { uid } = user;
  const { tabs = openPlatformChannel(uid) } = options;
  const reach = tabs ? { tabs } : {};
  const own = { uid, directory: keyslots, store, clock, random, logger };
  return createKeyslots({ ...own, ...autoLock, ...reach });
}

function checkAutoLock(autoLockMs: number | undefined): void {
  if (autoLockMs === undefined) return;
  if (autoLockMs >= MIN_AUTO_LOCK_MS && autoLockMs <= MAX_AUTO_LOCK_MS) return;
  throw new SealsyncError(
    'bad_config',
    `autoLockMs is from ${String(MIN_AUTO_LOCK_MS)} to ${String(MAX_AUTO_LOCK_MS)}; leave it out to lock by hand only.`,
  );
}
