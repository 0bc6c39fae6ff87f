import {
  Bytes,
  collection,
  deleteDoc,
  doc,
  limit,
  query,
  setDoc,
  type DocumentData,
  type Firestore,
} from 'firebase/firestore/lite';
import {
  MAX_GENERATION,
  MAX_KEYSLOTS,
  type KeyslotDirectory,
  type StoredKeyslot,
} from '../ports/keyslot-directory.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import { toBytes } from './entry-document.js';
import { createFirestoreCall, type FirestoreCallOptions } from './firestore-call.js';
import { listDocuments } from './list-documents.js';
import { RULES_READS } from './rules-reads.js';

const FIELDS = 4;

export interface FirestoreKeyslotsOptions extends FirestoreCallOptions {
  /** Of `firebase/firestore/lite`, signed in as `uid`. Its logging is switched off. */
  readonly firestore: Firestore;
  readonly uid: string;
  readonly count?: OperationCounter;
}

/** Sealed keyslots in `users/{uid}/keyslots`. */
export function createFirestoreKeyslots(options: FirestoreKeyslotsOptions): KeyslotDirectory {
  const { firestore, uid, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  const slots = collection(firestore, 'users', uid, 'keyslots');
  return {
    list: (signal) => {
      const run = async (): Promise<StoredKeyslot[]> => {
        const docs = await listDocuments(
          query(slots, limit(MAX_KEYSLOTS)),
          count,
          RULES_READS.listKeyslots,
        );
        return docs.map((found) => parseKeyslotDocument(found.id, found.data()));
      };
      return call('Reading the keyslots', run, signal);
    },
    put: ({ name, generation, after, bytes }, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.putKeyslot;
        return setDoc(doc(slots, name), { v: 1, generation, after, slot: toBytes(bytes) });
      };
      return call('Storing a keyslot', run, signal);
    },
    remove: (name, signal) => {
      const run = (): Promise<void> => {
        count.deletes += 1;
        count.rulesReads += RULES_READS.removeKeyslot;
        return deleteDoc(doc(slots, name));
      };
      return call('Removing a keyslot', run, signal);
    },
  };
}

function parseKeyslotDocument(name: string, data: DocumentData): StoredKeyslot {
  const [version, generation, slot] = [data['v'], data['generation'], data['slot']] as unknown[];
  const fits = Object.keys(data).length === FIELDS && version === 1 && isGeneration(generation);
  if (!fits || !(slot instanceof Bytes)) return { name, generation: 0, bytes: new Uint8Array() };
  return { name, generation, bytes: slot.toUint8Array() };
}

const isGeneration = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_GENERATION;
