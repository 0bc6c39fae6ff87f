import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { BudgetId } from '../model/ids.js';
import type { LocalStore } from '../ports/local-store.js';
import type { TabChannel, TabGroup } from '../ports/tab-group.js';
import { openBrowserChannel, openBrowserTabs } from './browser-tabs.js';
import { createIndexedDbStore } from './indexed-db-store.js';
import { createMemoryStore } from './memory-store.js';

/** Where a device keeps a budget unless the app says otherwise. */
export function openPlatformStore(budgetId: BudgetId, uid: string): LocalStore {
  if (!('indexedDB' in globalThis)) return createMemoryStore();
  return createIndexedDbStore(databaseName(budgetId, uid));
}

/** The tabs that share that store; none where it is in memory. */
export function openPlatformTabs(budgetId: BudgetId, uid: string): TabGroup | undefined {
  return 'indexedDB' in globalThis ? openBrowserTabs(`budget ${budgetId} ${uid}`) : undefined;
}

/** Reaches the tabs in which the same user is. */
export function openPlatformChannel(uid: string): TabChannel | undefined {
  return 'indexedDB' in globalThis ? openBrowserChannel(`keyslots ${uid}`) : undefined;
}

/** Names of databases are not sealed, so this one tells neither the user nor the budget. */
function databaseName(budgetId: BudgetId, uid: string): string {
  const digest = sha256(utf8ToBytes(`sealsync.v1 database ${budgetId} ${uid}`));
  return `sealsync-${bytesToHex(digest).slice(0, 32)}`;
}
