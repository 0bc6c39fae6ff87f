import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp, setLogLevel, type FirebaseApp } from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
  signInWithEmailAndPassword,
  type User,
} from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore, type Firestore } from 'firebase/firestore/lite';
import type { Backend } from './start-backend.js';

/** Who signs in, on whichever device. */
export interface Account {
  readonly email: string;
  readonly password: string;
  readonly isNew: boolean;
}

/** One user's session on one device. */
export interface Session {
  readonly app: FirebaseApp;
  readonly user: User;
  readonly firestore: Firestore;
  close(): Promise<void>;
}

export const newAccount = (): Account => ({
  email: `${randomUUID()}@example.com`,
  password: randomUUID(),
  isNew: true,
});

/** `firestore` is where Firestore is looked for, if not at the emulator itself. */
export async function signIn(
  { projectId, authUrl, firestore }: Pick<Backend, 'projectId' | 'authUrl' | 'firestore'>,
  { email, password, isNew }: Account = newAccount(),
): Promise<Session> {
  setLogLevel('silent');
  const app = initializeApp({ projectId, apiKey: 'emulator-only' }, randomUUID());
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, authUrl, { disableWarnings: true });
  const enter = isNew ? createUserWithEmailAndPassword : signInWithEmailAndPassword;
  const { user } = await enter(auth, email, password);
  const lite = getFirestore(app);
  connectFirestoreEmulator(lite, firestore.host, firestore.port);
  return { app, user, firestore: lite, close: () => deleteApp(app) };
}
