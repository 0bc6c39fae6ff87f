import type { FirebaseApp } from 'firebase/app';
import { loadSodium } from './crypto/sodium.js';
import { createMemoryStore } from './local/memory-store.js';
import { secureRandom } from './local/secure-random.js';
import { systemClock } from './local/system-clock.js';
import type { Keyslots } from './people/keyslots.js';
import { createKeyslots } from './people/sealed-keyslots.js';
import type { Clock } from './ports/clock.js';
import type { LocalStore } from './ports/local-store.js';
import { silentLogger, type Logger } from './ports/logger.js';
import { createOperationCounter, type OperationCounter } from './ports/operation-counter.js';
import type { Random } from './ports/random.js';
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
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Adds up what Firestore bills. */
  readonly count?: OperationCounter;
}

/** The keyslots of a signed-in user. Reads nothing yet. */
export async function openKeyslots(options: OpenKeyslotsOptions): Promise<Keyslots> {
  const { firebase, user, store = createMemoryStore(), logger = silentLogger } = options;
  const { clock = systemClock, random = secureRandom } = options;
  const { count = createOperationCounter() } = options;
  await loadSodium();
  const { keyslots } = openFirestore({ firebase, uid: user.uid, clock, count });
  return createKeyslots({ uid: user.uid, directory: keyslots, store, clock, random, logger });
}
