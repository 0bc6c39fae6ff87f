import { doc, getDoc, writeBatch, type Firestore } from 'firebase/firestore/lite';
import { createSeededRandom } from '@sealsync/sdk/testing';
import { toEntryDocument } from '../../../sdk/src/remote/entry-document.js';
import type { SealedEntry } from '../../../sdk/src/sync/seal-edits.js';
import { timeMs } from '../report/medians.js';
import { makeSmallEdits } from '../sample/edits.js';
import { foundLog, type FoundLog } from '../services/found-log.js';
import { sealOneByOne } from '../services/own-log.js';
import type { Device } from '../services/start-device.js';

/** What no syncing through Firestore can be faster than. */
export interface LatencyFloor {
  /** One plain commit of an entry that was sealed before, and one plain get of it, in ms. */
  sample(): Promise<number>;
}

/** A log of its own, under the same rules, for as many samples. */
export async function prepareFloor(writer: Device, samples: number): Promise<LatencyFloor> {
  const log = await foundLog(writer);
  const sealed = sealSamples(log, samples);
  const { firestore } = writer.session;
  let next = 0;
  return {
    sample: () => {
      const entry = sealed[next];
      next += 1;
      if (!entry) throw new Error('there are as many entries as samples');
      return timeMs(() => commitAndGet(firestore, log.budgetId, entry));
    },
  };
}

function sealSamples(log: FoundLog, samples: number): SealedEntry[] {
  const edits = makeSmallEdits(samples, createSeededRandom(3), log.device);
  return sealOneByOne(log, edits, log.start);
}

async function commitAndGet(
  firestore: Firestore,
  budgetId: string,
  { entry }: SealedEntry,
): Promise<void> {
  const ref = doc(firestore, 'budgets', budgetId, 'changes', String(entry.seq));
  await writeBatch(firestore).set(ref, toEntryDocument(entry)).commit();
  const found = await getDoc(ref);
  if (!found.exists()) throw new Error('what was committed can be read');
}
