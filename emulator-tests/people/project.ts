import { deleteApp, initializeApp } from 'firebase-admin/app';
import {
  FieldPath,
  getFirestore,
  type DocumentData,
  type DocumentReference,
  type Firestore,
} from 'firebase-admin/firestore';
import type { Role } from '@sealsync/sdk';
import { randomUUID } from 'node:crypto';
import type { StoredEntry } from '../../sdk/src/ports/remote-log.js';
import { readEmulatorHosts } from '../setup/emulators.js';

/** The Firebase project in the hands of its administrators, whom no rule binds. */
export interface Project {
  readonly firestore: Firestore;
  budget(budgetId: string): DocumentReference;
  read(document: DocumentReference): Promise<DocumentData>;
  /** Lets somebody in, or changes what they are, without anybody's signature. */
  grant(budgetId: string, uid: string, role: Role): Promise<void>;
  /** The log in order. */
  readLog(budgetId: string): Promise<readonly StoredEntry[]>;
  putEntry(budgetId: string, entry: Omit<StoredEntry, 'at'>): Promise<void>;
  /** Ids of the documents of one collection below a budget. */
  listIds(budgetId: string, name: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export function openProject(): Project {
  const { projectId, firestoreHost } = readEmulatorHosts();
  // The one way in which this library is told of an emulator.
  process.env['FIRESTORE_EMULATOR_HOST'] = firestoreHost;
  // Tests stay on this machine: nothing is asked for credentials.
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const app = initializeApp({ projectId }, randomUUID());
  const firestore = getFirestore(app);
  const budget = (budgetId: string): DocumentReference => firestore.doc(`budgets/${budgetId}`);
  return {
    firestore,
    budget,
    read: async (document) => {
      const data = (await document.get()).data();
      if (!data) throw new Error(`There is no document ${document.path}.`);
      return data;
    },
    grant: async (budgetId, uid, role) => {
      await budget(budgetId).update(new FieldPath('members', uid), role);
    },
    readLog: async (budgetId) => {
      const { docs } = await budget(budgetId).collection('changes').orderBy('seq').get();
      return docs.map((found) => toEntry(found.data()));
    },
    putEntry: async (budgetId, { prev, frame, ...entry }) => {
      const document = budget(budgetId).collection('changes').doc(String(entry.seq));
      const bytes = { prev: Buffer.from(prev), frame: Buffer.from(frame) };
      await document.set({ ...entry, ...bytes, at: new Date() });
    },
    listIds: async (budgetId, name) => {
      const found = await budget(budgetId).collection(name).listDocuments();
      return found.map(({ id }) => id);
    },
    close: () => deleteApp(app),
  };
}

function toEntry(data: DocumentData): StoredEntry {
  const { seq, epoch, author, t, prev, frame } = data as Omit<StoredEntry, 'at'>;
  return { seq, epoch, author, t, prev: bytesOf(prev), frame: bytesOf(frame), at: t };
}

/** A plain array: a Buffer of Node's is compared as something else. */
export const bytesOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);
