import {
  createOperationCounter,
  createSync,
  generateIdentity,
  type CreateSyncOptions,
  type Identity,
  type OperationCounter,
  type Sealsync,
} from '@sealsync/sdk';
import { WebSocket } from 'ws';
import type { BenchContext } from '../bench.js';
import { signIn, type Session } from './sign-in.js';
import type { Backend } from './start-backend.js';

/** A user's device with the kit on it. */
export interface Device {
  readonly session: Session;
  readonly identity: Identity;
  readonly sync: Sealsync;
  /** All that this device has asked of Firestore. */
  readonly count: OperationCounter;
}

export interface DeviceOptions extends Pick<CreateSyncOptions, 'clock' | 'settings' | 'webSocket'> {
  readonly signalingUrl?: string;
  /** A device of a user who is signed in already; a new user's without it. */
  readonly owner?: { readonly session: Session; readonly identity: Identity };
}

/** Ends with the bench. */
export async function startDevice(
  backend: Backend,
  { onClose }: Pick<BenchContext, 'onClose'>,
  { signalingUrl, owner, ...options }: DeviceOptions = {},
): Promise<Device> {
  const session = owner?.session ?? (await signIn(backend));
  if (!owner) onClose(() => session.close());
  const identity = owner?.identity ?? (await generateIdentity(session.user.uid));
  const count = createOperationCounter();
  const sync = await createSync({
    webSocket: WebSocket,
    ...options,
    ...(signalingUrl === undefined ? {} : { signaling: { url: signalingUrl } }),
    firebase: session.app,
    user: session.user,
    identity,
    count,
  });
  onClose(() => sync.close());
  await sync.publishIdentity();
  return { session, identity, sync, count };
}
