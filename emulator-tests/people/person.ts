import {
  createMemoryStore,
  createOperationCounter,
  createSync,
  generateIdentity,
  openKeyslots,
  type Budget,
  type Identity,
  type MembershipEnd,
  type OperationCounter,
  type Role,
  type Sealsync,
  type SecurityEvent,
} from '@sealsync/sdk';
import type { SignedInPerson } from '../log/signed-in-person.js';
import { readEmulatorHosts } from '../setup/emulators.js';
import { newAccount, signIn, type Account } from './sign-in.js';

export interface Shapes {
  envelopes: { limit: number };
}

/** What a device keeps between two starts. */
export type DeviceContents = Map<string, Uint8Array>;

/** A budget as one device has opened it, and what it was told meanwhile. */
export interface OpenDevice {
  readonly budget: Budget<Shapes>;
  readonly security: SecurityEvent[];
  readonly ends: MembershipEnd[];
}

/** One user: an account, an identity, and as many devices as a test opens. */
export interface Person {
  readonly uid: string;
  readonly account: Account;
  readonly session: SignedInPerson;
  readonly identity: Identity;
  /** What all devices of this person have caused. */
  readonly count: OperationCounter;
  readonly sync: Sealsync;
  create(): Promise<OpenDevice>;
  /** On a device of its own, with what is kept there. */
  open(budgetId: string, contents?: DeviceContents): Promise<OpenDevice>;
  join(link: string): Promise<OpenDevice>;
  close(): Promise<void>;
}

/** Nothing happens by itself while a test looks on. */
const QUIET = { pollIntervalMs: 3_600_000, maxRetryDelayMs: 3_600_000, rotateKeyAfterMs: 0 };

/** With a passphrase their identity is sealed under it, for other processes to unlock. */
export async function startPerson(passphrase?: string): Promise<Person> {
  const account = newAccount();
  const session = await signIn(readEmulatorHosts(), account, { isNew: true });
  const identity =
    passphrase === undefined
      ? await generateIdentity(session.uid)
      : await unlockIdentity(session, passphrase);
  const count = createOperationCounter();
  const devices: Sealsync[] = [];
  const startDevice = async (contents: DeviceContents = new Map()): Promise<Sealsync> => {
    const device = await createSync({
      firebase: session.app,
      user: session.user,
      identity,
      count,
      settings: QUIET,
      openStore: () => createMemoryStore(contents),
    });
    devices.push(device);
    return device;
  };
  const sync = await startDevice();
  await sync.publishIdentity();
  return {
    uid: session.uid,
    account,
    session,
    identity,
    count,
    sync,
    create: async () => watch(await (await startDevice()).createBudget<Shapes>()),
    open: async (budgetId, contents) =>
      watch(await (await startDevice(contents)).openBudget<Shapes>(budgetId)),
    join: async (link) => watch(await (await startDevice()).acceptInvite<Shapes>(link)),
    close: async () => {
      for (const device of devices) await device.close();
      await session.close();
    },
  };
}

/** On a device that has kept nothing. */
export async function unlockIdentity(
  { app: firebase, user }: SignedInPerson,
  passphrase: string,
): Promise<Identity> {
  const keyslots = await openKeyslots({ firebase, user });
  return keyslots.unlockOrCreate({ passphrase });
}

function watch(budget: Budget<Shapes>): OpenDevice {
  const security: SecurityEvent[] = [];
  const ends: MembershipEnd[] = [];
  budget.on('security', (event) => security.push(event));
  budget.on('removed', (end) => ends.push(end));
  return { budget, security, ends };
}

export const addTo = ({ budget }: OpenDevice, { uid, sync }: Person, role: Role): Promise<void> =>
  budget.people.addMember({ uid, role, fingerprint: sync.fingerprint });

export const kindsOf = ({ security }: OpenDevice): readonly string[] =>
  security.map(({ kind }) => kind);

/** What a member relies on: the records, and who belongs to the budget. */
export function honestView({ budget }: OpenDevice): {
  readonly digest: string;
  readonly roles: Readonly<Record<string, Role>>;
} {
  const roles = [...budget.people.members()].map(([uid, { role }]) => [uid, role] as const);
  return { digest: budget.verifiedState().digest, roles: Object.fromEntries(roles) };
}
