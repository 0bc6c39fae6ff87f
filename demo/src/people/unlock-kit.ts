import { randomBytes } from 'node:crypto';
import { createOperationCounter, createSync, openKeyslots, type Sealsync } from '@sealsync/sdk';
import type { Meters } from './messages.js';
import { createMeteredWebSocket } from './metered-web-socket.js';
import type { SignedUp } from './sign-up.js';

/** The kit of one person, with an identity that only their passphrase opens. */
export interface UnlockedKit {
  readonly sync: Sealsync;
  /** The same person on another device, which has nothing of any budget yet. */
  startDevice(): Promise<Sealsync>;
  readMeters(): Meters;
  /** Wipes the identity. */
  close(): Promise<void>;
}

/** Takes some half a second of Argon2id. The passphrase never leaves this process. */
export async function unlockKit(
  { firebase, user }: SignedUp,
  signalingUrl: string,
): Promise<UnlockedKit> {
  const count = createOperationCounter();
  const { webSocket, read } = createMeteredWebSocket();
  const keyslots = await openKeyslots({ firebase, user, count });
  const passphrase = randomBytes(24).toString('base64url');
  const identity = await keyslots.unlockOrCreate({ passphrase });
  const signaling = { url: signalingUrl };
  const startDevice = (): Promise<Sealsync> =>
    createSync({ firebase, user, identity, signaling, webSocket, count });
  const sync = await startDevice();
  return {
    sync,
    startDevice,
    readMeters: () => ({ firestore: { ...count }, signals: read() }),
    close: async () => {
      await sync.close();
      await keyslots.close();
    },
  };
}
