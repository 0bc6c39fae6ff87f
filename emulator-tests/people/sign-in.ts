import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
  signInWithEmailAndPassword,
} from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import type { SignedInPerson } from '../log/signed-in-person.js';
import type { EmulatorHosts } from '../setup/emulators.js';

/** How a person signs in, on whichever device and in whichever process. */
export interface Account {
  readonly email: string;
  readonly password: string;
}

export const newAccount = (): Account => ({
  email: `${randomUUID()}@example.com`,
  password: randomUUID(),
});

/** A session of its own for `account`, which is made first if it `isNew`. */
export async function signIn(
  { projectId, authHost, firestoreHost }: EmulatorHosts,
  { email, password }: Account,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<SignedInPerson> {
  const app = initializeApp({ projectId, apiKey: 'demo' }, randomUUID());
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, `http://${authHost}`, { disableWarnings: true });
  const enter = isNew ? createUserWithEmailAndPassword : signInWithEmailAndPassword;
  const { user } = await enter(auth, email, password);
  const firestore = getFirestore(app);
  const [host = '', port = ''] = firestoreHost.split(':');
  connectFirestoreEmulator(firestore, host, Number(port));
  return { uid: user.uid, app, user, firestore, close: () => deleteApp(app) };
}
