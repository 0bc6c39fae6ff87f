import {
  createSync,
  generateIdentity,
  type Budget,
  type SealsyncErrorKind,
  type SecurityEventKind,
} from '@sealsync/sdk';
import { createSignalingServer, type SignalingServer } from '@sealsync/signaling-server';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import { signInPerson } from '../log/signed-in-person.js';
import { readEmulatorHosts, readFirestoreAddress } from '../setup/emulators.js';
import { HurriedClock } from './hurried-clock.js';
import { startFaultProxy, type FaultProxy } from './proxy/fault-proxy.js';
import { until } from './until.js';

export interface Shapes {
  envelopes: { spent: number; note?: string };
}

/** In every edit of these tests: what must never be printed. */
export const CANARY = 'canary-of-a-household';

/** A client behind proxies of its own, and what its budget has told. */
export interface Client {
  readonly budget: Budget<Shapes>;
  /** Between the client and Firestore. */
  readonly firestore: FaultProxy;
  /** Between the client and the signaling server. */
  readonly signaling: FaultProxy;
  readonly errors: SealsyncErrorKind[];
  readonly security: SecurityEventKind[];
}

/** Two people on one budget with one record, `food`, of which nothing is spent. */
export interface FaultyStage {
  readonly ann: Client;
  readonly ben: Client;
}

/** Everything is made anew for each test, and nothing may be printed or left unhandled in one. */
export function useFaultyStage(): { open(): Promise<FaultyStage> } {
  let server: SignalingServer;
  let signalingTarget: { host: string; port: number };
  const closing: (() => Promise<void>)[] = [];
  const printed: string[] = [];
  const unhandled: unknown[] = [];
  const noteUnhandled = (reason: unknown): void => void unhandled.push(reason);

  beforeAll(async () => {
    const { authHost, firestoreHost, projectId } = readEmulatorHosts();
    vi.stubEnv('FIREBASE_AUTH_EMULATOR_HOST', authHost);
    const options = { projectId, host: '127.0.0.1', port: 0, firestoreEmulatorHost: firestoreHost };
    server = createSignalingServer(options);
    signalingTarget = await server.listen();
    process.on('unhandledRejection', noteUnhandled);
  });
  afterAll(async () => {
    process.off('unhandledRejection', noteUnhandled);
    await server.close();
    vi.unstubAllEnvs();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    vi.restoreAllMocks();
    expect(printed.splice(0)).toEqual([]);
    expect(unhandled.splice(0)).toEqual([]);
  });

  async function startClient(clock: HurriedClock): Promise<{
    uid: string;
    sync: Awaited<ReturnType<typeof createSync>>;
    proxies: Pick<Client, 'firestore' | 'signaling'>;
  }> {
    const firestore = await startFaultProxy(readFirestoreAddress());
    const signaling = await startFaultProxy(signalingTarget);
    const person = await signInPerson({ firestore });
    const sync = await createSync({
      firebase: person.app,
      user: person.user,
      identity: await generateIdentity(person.uid),
      signaling: { url: addressOf(signaling) },
      webSocket: WebSocket,
      clock,
    });
    await sync.publishIdentity();
    closing.push(async () => {
      await sync.close();
      await person.close();
      await firestore.close();
      await signaling.close();
    });
    return { uid: person.uid, sync, proxies: { firestore, signaling } };
  }

  return {
    open: async () => {
      for (const method of ['debug', 'log', 'info', 'warn', 'error'] as const) {
        vi.spyOn(console, method).mockImplementation((...words) => {
          printed.push(words.map(String).join(' '));
        });
      }
      const clock = new HurriedClock();
      const [anns, bens] = [await startClient(clock), await startClient(clock)];
      const created = await anns.sync.createBudget<Shapes>();
      const { fingerprint } = bens.sync;
      await created.people.addMember({ uid: bens.uid, role: 'editor', fingerprint });
      const opened = await bens.sync.openBudget<Shapes>(created.id);
      const stage = { ann: watch(created, anns.proxies), ben: watch(opened, bens.proxies) };
      await created.collection('envelopes').put('food', { spent: 0, note: CANARY });
      await converge(stage);
      clock.hurry();
      for (const { budget, signaling } of [stage.ann, stage.ben]) {
        // Timers that are set already take their time: those of a new connection do not.
        budget.sync.enableRealtimeSync(addressOf(signaling));
        await until(() => budget.sync.isRealtimeSyncActive(), 'the connection stands');
      }
      return stage;
    },
  };
}

function watch(budget: Budget<Shapes>, proxies: Pick<Client, 'firestore' | 'signaling'>): Client {
  const errors: SealsyncErrorKind[] = [];
  const security: SecurityEventKind[] = [];
  budget.on('error', ({ kind }) => errors.push(kind));
  budget.on('security', ({ kind }) => security.push(kind));
  return { budget, ...proxies, errors, security };
}

const addressOf = ({ port }: FaultProxy): string => `ws://127.0.0.1:${String(port)}`;

export const spentOn = ({ budget }: Client, id = 'food'): number | undefined =>
  budget.collection('envelopes').get(id)?.spent;

/** Waits until both hold the same and nothing is pending. */
export async function converge({ ann, ben }: FaultyStage): Promise<void> {
  const isSame = (): boolean => {
    const [one, other] = [ann.budget.verifiedState(), ben.budget.verifiedState()];
    return one.seq === other.seq && one.digest === other.digest;
  };
  await until(
    () => ann.budget.pendingEdits + ben.budget.pendingEdits === 0 && isSame(),
    'both hold the same, and nothing is pending',
  );
}

/** Whether a client heard of `kind`, and of nothing else that a busy machine does not explain. */
export const heardOnly = ({ errors }: Client, ...kinds: SealsyncErrorKind[]): boolean =>
  kinds.every((kind) => errors.includes(kind)) &&
  errors.every((kind) => kind === 'deadline' || kinds.includes(kind));

/** What holds of a network that fails, however it does: nobody is accused, nothing is given up. */
export async function expectNoHarm({ ann, ben }: FaultyStage): Promise<void> {
  for (const { budget, security } of [ann, ben]) {
    expect(security).toEqual([]);
    expect(await budget.rejectedEdits()).toEqual([]);
  }
}
