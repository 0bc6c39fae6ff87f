import { deleteApp, initializeApp, setLogLevel } from 'firebase/app';
import { connectAuthEmulator, createUserWithEmailAndPassword, getAuth } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import {
  createOperationCounter,
  createSync,
  generateIdentity,
  type OperationCounter,
  type Sealsync,
} from '@sealsync/sdk';
import { randomUUID } from 'node:crypto';
import type { Taken } from './messages.js';
import { createMeteredWebSocket } from './metered-web-socket.js';

/** A person who is signed in, with the kit on a device of their own. */
export interface SignedUp {
  readonly uid: string;
  readonly sync: Sealsync;
  readonly firestoreCount: OperationCounter;
  readonly readSignals: ReturnType<typeof createMeteredWebSocket>['read'];
  close(): Promise<void>;
}

/** Creates a user in the Auth emulator and sets the kit up as an app would. */
export async function signUp(options: Taken<'signUp'>): Promise<SignedUp> {
  setLogLevel('silent');
  const firebase = initializeApp({ projectId: options.projectId, apiKey: 'emulator-only' });
  const auth = getAuth(firebase);
  connectAuthEmulator(auth, options.authUrl, { disableWarnings: true });
  const { host, port } = options.firestore;
  connectFirestoreEmulator(getFirestore(firebase), host, port);
  const { user } = await createUserWithEmailAndPassword(auth, options.email, randomUUID());
  const firestoreCount = createOperationCounter();
  const { webSocket, read } = createMeteredWebSocket();
  const sync = await createSync({
    firebase,
    user,
    identity: await generateIdentity(user.uid),
    signaling: { url: options.signalingUrl },
    webSocket,
    count: firestoreCount,
  });
  return {
    uid: user.uid,
    sync,
    firestoreCount,
    readSignals: read,
    close: async () => {
      await sync.close();
      await deleteApp(firebase);
    },
  };
}
