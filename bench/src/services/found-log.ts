import {
  collection,
  doc,
  getDocs,
  limit,
  orderBy,
  query,
  where,
  type Firestore,
} from 'firebase/firestore/lite';
import { createOperationCounter } from '@sealsync/sdk';
import { writeGenesis } from '../../../sdk/src/budget/write-genesis.js';
import { createMemoryStore } from '../../../sdk/src/local/memory-store.js';
import { secureRandom } from '../../../sdk/src/local/secure-random.js';
import { systemClock } from '../../../sdk/src/local/system-clock.js';
import type { StoredEntry } from '../../../sdk/src/ports/remote-log.js';
import { parseEntryDocument } from '../../../sdk/src/remote/entry-document.js';
import { openFirestore } from '../../../sdk/src/remote/open-firestore.js';
import { LOG_START, type LogPosition } from '../../../sdk/src/sync/log-position.js';
import { OwnIdentities } from '../../../sdk/src/sync/own-identities.js';
import { makeDeviceId } from '../sample/edits.js';
import { makeBudgetId, openEntry, type OwnLog } from './own-log.js';
import type { Device } from './start-device.js';

/** A budget of its own in Firestore, whose key the bench holds. */
export interface FoundLog extends OwnLog {
  /** Behind the first entry. */
  readonly start: LogPosition;
}

/** Creates a budget as the kit does, and keeps its key to seal entries past the engine. */
export async function foundLog({ session, identity }: Device): Promise<FoundLog> {
  const budgetId = makeBudgetId();
  const remote = openFirestore({
    firebase: session.app,
    uid: session.user.uid,
    clock: systemClock,
    count: createOperationCounter(),
  });
  const { epochKey } = await writeGenesis({
    budgetId,
    identities: new OwnIdentities(identity),
    remote: remote.budgetOf(budgetId),
    clock: systemClock,
    random: secureRandom,
    store: createMemoryStore(),
  });
  const [genesis] = await readPage(session.firestore, budgetId, 0, 1);
  if (!genesis) throw new Error('the first entry was written a moment ago');
  const start = openEntry({ budgetId, epochKey }, genesis, LOG_START).after;
  return { budgetId, identity, epochKey, device: makeDeviceId(secureRandom), start };
}

/** A page of the log as plain firestore/lite reads it. */
export async function readPage(
  firestore: Firestore,
  budgetId: string,
  after: number,
  entries: number,
): Promise<StoredEntry[]> {
  const changes = collection(doc(firestore, 'budgets', budgetId), 'changes');
  const page = query(changes, where('seq', '>', after), orderBy('seq'), limit(entries));
  const { docs } = await getDocs(page);
  return docs.flatMap((found) => parseEntryDocument(found.id, found.data()) ?? []);
}
