import { randomUUID } from 'node:crypto';
import {
  connectFirestoreEmulator,
  doc,
  getFirestore,
  setDoc,
  setLogLevel,
  type DocumentReference,
  type Firestore,
} from 'firebase/firestore';
import { signIn } from '../services/sign-in.js';
import type { PeerOptions } from './peer.js';

/** One user with the full Firestore client, as the alternatives need it. */
export interface PeerSession {
  readonly uid: string;
  readonly firestore: Firestore;
  close(): Promise<void>;
}

export interface PeerPair {
  readonly author: PeerSession;
  readonly reader: PeerSession;
  /** The document that names the members; an alternative keeps its own below it. */
  readonly budgetPath: string;
  close(): Promise<void>;
}

/** Two users who are members of one budget. */
export async function startPeerPair({ backend, firestore }: PeerOptions): Promise<PeerPair> {
  setLogLevel('silent');
  const [author, reader] = await Promise.all([
    startPeerSession(backend, firestore),
    startPeerSession(backend, firestore),
  ]);
  const budgetPath = `peers/${randomUUID()}`;
  const members = { [author.uid]: 'owner', [reader.uid]: 'editor' };
  await setDoc(doc(author.firestore, budgetPath), { members });
  return {
    author,
    reader,
    budgetPath,
    close: async () => {
      await author.close();
      await reader.close();
    },
  };
}

async function startPeerSession(
  backend: PeerOptions['backend'],
  address: PeerOptions['firestore'],
): Promise<PeerSession> {
  const session = await signIn(backend);
  const firestore = getFirestore(session.app);
  const { host, port } = address ?? backend.firestore;
  connectFirestoreEmulator(firestore, host, port);
  return { uid: session.user.uid, firestore, close: () => session.close() };
}

/** The same document seen from another session. */
export const refIn = ({ firestore }: PeerSession, ...path: string[]): DocumentReference =>
  doc(firestore, path.join('/'));
