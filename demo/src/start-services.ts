import { createSignalingServer } from '@sealsync/signaling-server';
import { startEmulators } from '../../scripts/emulators/start-emulators.js';
import { forceIntoMembers, type ForcedMember } from './force-into-members.js';

/** What the people connect to. */
export interface Services {
  readonly projectId: string;
  readonly authUrl: string;
  readonly firestore: { readonly host: string; readonly port: number };
  readonly signalingUrl: string;
  /** Documents that the signaling server has read. */
  readMembershipReads(): number;
  /** See {@link forceIntoMembers}. */
  readonly forceIntoMembers: (member: ForcedMember) => Promise<void>;
}

/** Starts emulators and the signaling server; `onClose` is handed what ends each of them. */
export async function startServices(
  signal: AbortSignal,
  onClose: (close: () => Promise<void>) => void,
): Promise<Services> {
  const emulators = await startEmulators({ signal });
  onClose(() => emulators.stop());
  // firebase-admin takes the Auth emulator's address from the environment only.
  process.env['FIREBASE_AUTH_EMULATOR_HOST'] = emulators.authHost;
  const server = createSignalingServer({
    projectId: emulators.projectId,
    host: '127.0.0.1',
    port: 0,
    firestoreEmulatorHost: emulators.firestoreHost,
  });
  onClose(() => server.close());
  const { port } = await server.listen();
  const [host = '', firestorePort = ''] = emulators.firestoreHost.split(':');
  return {
    projectId: emulators.projectId,
    authUrl: `http://${emulators.authHost}`,
    firestore: { host, port: Number(firestorePort) },
    signalingUrl: `ws://127.0.0.1:${port}`,
    readMembershipReads: () => server.stats().membershipReads,
    forceIntoMembers: (member) => {
      const { projectId, firestoreHost } = emulators;
      return forceIntoMembers({ projectId, host: firestoreHost }, member);
    },
  };
}
