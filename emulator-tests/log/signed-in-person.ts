import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp, type FirebaseApp } from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
  type User,
} from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore, type Firestore } from 'firebase/firestore/lite';
import { readAuthUrl, readEmulatorHosts, readFirestoreAddress } from '../setup/emulators.js';

/** A person with a session of their own, through the real client libraries. */
export interface SignedInPerson {
  readonly uid: string;
  readonly app: FirebaseApp;
  readonly user: User;
  readonly firestore: Firestore;
  close(): Promise<void>;
}

export interface PersonOptions {
  /** Where Firestore is looked for, if not at the emulator. */
  readonly firestore?: { readonly host: string; readonly port: number };
}

export async function signInPerson(options: PersonOptions = {}): Promise<SignedInPerson> {
  const { projectId } = readEmulatorHosts();
  const app = initializeApp({ projectId, apiKey: 'demo' }, randomUUID());
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, readAuthUrl(), { disableWarnings: true });
  const email = `${randomUUID()}@example.com`;
  const { user } = await createUserWithEmailAndPassword(auth, email, randomUUID());
  const firestore = getFirestore(app);
  const { host, port } = options.firestore ?? readFirestoreAddress();
  connectFirestoreEmulator(firestore, host, port);
  return { uid: user.uid, app, user, firestore, close: () => deleteApp(app) };
}
