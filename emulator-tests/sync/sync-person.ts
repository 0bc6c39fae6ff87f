import {
  createOperationCounter,
  createSync,
  generateIdentity,
  type CreateSyncOptions,
  type OperationCounter,
  type Sealsync,
} from '@sealsync/sdk';
import { signInPerson, type PersonOptions } from '../log/signed-in-person.js';

/** A person on one device: a session, an identity, and the kit bound to both. */
export interface SyncPerson {
  readonly uid: string;
  readonly sync: Sealsync;
  readonly count: OperationCounter;
  close(): Promise<void>;
}

export async function startPerson(
  options: PersonOptions & Pick<CreateSyncOptions, 'signaling' | 'webSocket' | 'settings'> = {},
): Promise<SyncPerson> {
  const { firestore, ...rest } = options;
  const person = await signInPerson(firestore ? { firestore } : {});
  const count = createOperationCounter();
  const sync = await createSync({
    ...rest,
    firebase: person.app,
    user: person.user,
    identity: await generateIdentity(person.uid),
    count,
  });
  await sync.publishIdentity();
  return {
    uid: person.uid,
    sync,
    count,
    close: async () => {
      await sync.close();
      await person.close();
    },
  };
}
