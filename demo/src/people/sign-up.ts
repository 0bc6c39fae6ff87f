import { randomUUID } from 'node:crypto';
import {
  deleteApp,
  FirebaseError,
  initializeApp,
  setLogLevel,
  type FirebaseApp,
} from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  getAuth,
  type User,
} from 'firebase/auth';
import { connectFirestoreEmulator, doc, getDoc, getFirestore } from 'firebase/firestore/lite';
import type { Answer, Taken } from './messages.js';

/** A person who is signed in, on a device of their own. */
export interface SignedUp {
  readonly firebase: FirebaseApp;
  readonly user: User;
  /** Asks Firestore past the kit, with the person's own sign-in. */
  readEntry(budgetId: string, seq: number): Promise<Answer<'readEntry'>['answer']>;
  close(): Promise<void>;
}

/** Creates a user in the Auth emulator, as an app would on a first visit. */
export async function signUp(options: Taken<'signUp'>): Promise<SignedUp> {
  setLogLevel('silent');
  const firebase = initializeApp({ projectId: options.projectId, apiKey: 'emulator-only' });
  const auth = getAuth(firebase);
  connectAuthEmulator(auth, options.authUrl, { disableWarnings: true });
  const firestore = getFirestore(firebase);
  connectFirestoreEmulator(firestore, options.firestore.host, options.firestore.port);
  const { user } = await createUserWithEmailAndPassword(auth, options.email, randomUUID());
  return {
    firebase,
    user,
    readEntry: async (budgetId, seq) => {
      try {
        const entry = await getDoc(doc(firestore, 'budgets', budgetId, 'changes', String(seq)));
        return entry.exists() ? 'found' : 'missing';
      } catch (error) {
        if (error instanceof FirebaseError && error.code === 'permission-denied') return 'denied';
        throw error;
      }
    },
    close: () => deleteApp(firebase),
  };
}
