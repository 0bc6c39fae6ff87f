import {
  Bytes,
  doc,
  getDoc,
  setDoc,
  type DocumentData,
  type Firestore,
} from 'firebase/firestore/lite';
import type { PublicKeys } from '../model/membership.js';
import { createOperationCounter, type OperationCounter } from '../ports/operation-counter.js';
import type { UserDirectory } from '../ports/user-directory.js';
import { toBytes } from './entry-document.js';
import { createFirestoreCall, type FirestoreCallOptions } from './firestore-call.js';
import { RULES_READS } from './rules-reads.js';

const KEY_BYTES = 32;

export interface FirestoreUsersOptions extends FirestoreCallOptions {
  /** Of `firebase/firestore/lite`, signed in as `uid`. Its logging is switched off. */
  readonly firestore: Firestore;
  readonly uid: string;
  readonly count?: OperationCounter;
}

/** Public keys in `users/{uid}`. */
export function createFirestoreUsers(options: FirestoreUsersOptions): UserDirectory {
  const { firestore, uid, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  return {
    publishKeys: (keys, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.publishKeys;
        const document = { sign: toBytes(keys.sign), box: toBytes(keys.box), v: 1 };
        return setDoc(doc(firestore, 'users', uid), document);
      };
      return call('Publishing the public keys', run, signal);
    },
    readKeys: (owner, signal) => {
      const run = async (): Promise<PublicKeys | undefined> => {
        count.rulesReads += RULES_READS.readKeys;
        const snapshot = await getDoc(doc(firestore, 'users', owner));
        count.reads += 1;
        return parseKeys(snapshot.data());
      };
      return call('Reading public keys', run, signal);
    },
  };
}

function parseKeys(data: DocumentData | undefined): PublicKeys | undefined {
  const [sign, box, version] = [data?.['sign'], data?.['box'], data?.['v']] as unknown[];
  if (!(sign instanceof Bytes) || !(box instanceof Bytes) || version !== 1) return undefined;
  const keys = { sign: sign.toUint8Array(), box: box.toUint8Array() };
  return keys.sign.length === KEY_BYTES && keys.box.length === KEY_BYTES ? keys : undefined;
}
