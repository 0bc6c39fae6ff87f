import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createSignalingServer,
  type SignalingLimits,
  type SignalingServer,
} from '@sealsync/signaling-server';
import { startEmulators } from '../../../scripts/emulators/start-emulators.js';
import type { BenchContext } from '../bench.js';

/** A TCP address on this machine. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What clients connect to. */
export interface Backend {
  readonly projectId: string;
  readonly authUrl: string;
  readonly firestore: Address;
  /** Starts a signaling server of its own, which ends with the bench. */
  startSignaling(limits?: Partial<SignalingLimits>): Promise<Signaling>;
}

export interface Signaling {
  readonly address: Address;
  readonly url: string;
  /** Documents that the server has read to learn who is a member. */
  readMembershipReads(): number;
}

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const rulesOfPeers = fileURLToPath(new URL('../peers/peers.rules', import.meta.url));
const ROOT_MATCH = 'match /databases/{database}/documents {';
const HOST = '127.0.0.1';

/** Starts the emulators under the repository's rules, with those of the alternatives beside them. */
export async function startBackend({ signal, progress, onClose }: BenchContext): Promise<Backend> {
  progress.begin('Starting the emulators');
  const folder = mkdtempSync(join(tmpdir(), 'sealsync-bench-'));
  onClose(async () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const rulesPath = join(folder, 'firestore.rules');
  const rules = readFileSync(join(repository, 'firestore.rules'), 'utf8');
  const peers = readFileSync(rulesOfPeers, 'utf8');
  writeFileSync(rulesPath, rules.replace(ROOT_MATCH, `${ROOT_MATCH}\n${peers}`));
  const emulators = await startEmulators({ signal, rulesPath });
  onClose(() => emulators.stop());
  const { projectId, firestoreHost, authHost } = emulators;
  // firebase-admin takes these addresses, and that it needs no credentials, from the environment.
  process.env['FIREBASE_AUTH_EMULATOR_HOST'] = authHost;
  process.env['FIRESTORE_EMULATOR_HOST'] = firestoreHost;
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  return {
    projectId,
    authUrl: `http://${authHost}`,
    firestore: { host: HOST, port: Number(firestoreHost.split(':')[1]) },
    startSignaling: async (limits) => {
      const server = createSignalingServer({
        projectId,
        host: HOST,
        port: 0,
        firestoreEmulatorHost: firestoreHost,
        ...(limits ? { limits } : {}),
      });
      onClose(() => server.close());
      return describe(server, (await server.listen()).port);
    },
  };
}

const describe = (server: SignalingServer, port: number): Signaling => ({
  address: { host: HOST, port },
  url: `ws://${HOST}:${port}`,
  readMembershipReads: () => server.stats().membershipReads,
});
