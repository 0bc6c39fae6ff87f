/**
 * One of the people: a process of its own with its own Firebase app and its own instance of
 * the kit. It does what the demo's process asks for and ends when that one goes.
 */
import { SealsyncError } from '@sealsync/sdk';
import * as v from 'valibot';
import {
  calls,
  requestSchema,
  type Answer,
  type CallName,
  type Reply,
  type Taken,
} from './messages.js';
import { OpenHousehold } from './open-household.js';
import { signUp, type SignedUp } from './sign-up.js';
import { unlockKit, type UnlockedKit } from './unlock-kit.js';
import type { Household } from '../household/shapes.js';

const INVITE_MS = 60 * 60_000;

type Progress = (done: number, total: number) => void;
type Handlers = { [N in CallName]: (taken: Taken<N>, progress: Progress) => Promise<Answer<N>> };

let signedUp: SignedUp | undefined;
let kit: UnlockedKit | undefined;
let signalingUrl = '';
let household: OpenHousehold | undefined;

function person(): SignedUp {
  if (!signedUp) throw new Error('Nobody has signed up yet.');
  return signedUp;
}

function unlocked(): UnlockedKit {
  if (!kit) throw new Error('Nothing is unlocked yet.');
  return kit;
}

function open(): OpenHousehold {
  if (!household) throw new Error('No budget is open.');
  return household;
}

const handlers: Handlers = {
  signUp: async (taken) => {
    signedUp = await signUp(taken);
    return { uid: signedUp.user.uid };
  },
  unlock: async (taken) => {
    signalingUrl = taken.signalingUrl;
    kit = await unlockKit(person(), signalingUrl);
    return {};
  },
  createBudget: async () => {
    const budget = await unlocked().sync.createBudget<Household>();
    household = new OpenHousehold(budget, signalingUrl);
    return { budgetId: budget.id };
  },
  createInvite: async ({ role }) => {
    const { link } = await open().people.createInvite({ role, expiresInMs: INVITE_MS });
    return { link };
  },
  acceptInvite: async ({ link }) => {
    const budget = await unlocked().sync.acceptInvite<Household>(link);
    household = new OpenHousehold(budget, signalingUrl);
    return {};
  },
  whenMembers: async ({ uids }) => {
    await open().whenMembers(uids);
    return {};
  },
  safetyNumber: async ({ uid }) => ({ digits: open().people.safetyNumber(uid) }),
  markVerified: async ({ uid }) => {
    await open().people.markVerified(uid);
    return {};
  },
  removeMember: async ({ uid }) => {
    await open().people.removeMember(uid);
    return {};
  },
  whenRemoved: async () => {
    const { kind, by } = await open().whenRemoved();
    return { kind, by };
  },
  readEntry: async ({ seq }) => ({ answer: await person().readEntry(open().id, seq) }),
  openAgain: async () => {
    const other = await unlocked().startDevice();
    try {
      await other.openBudget(open().id);
      return {};
    } catch (error) {
      if (error instanceof SealsyncError) return { failure: error.kind };
      throw error;
    } finally {
      await other.close();
    }
  },
  importRows: async ({ rows }, progress) => {
    await open().importRows(rows, progress);
    return {};
  },
  reach: ({ seq }) => open().reach(seq),
  look: () => open().look(),
  readNote: async ({ row }) => ({ memo: open().readNote(row) }),
  editOffline: async ({ edit }) => {
    await open().editOffline(edit);
    return {};
  },
  editOnline: async ({ edits }) => {
    await open().editOnline(edits);
    return {};
  },
  watchNote: async ({ row, memo }) => {
    open().watchNote(row, memo);
    return {};
  },
  whenSeen: async () => ({ seenAtMs: await open().whenSeen() }),
  editNote: async ({ row, memo }) => ({ calledAtMs: await open().editNote(row, memo) }),
  readMeters: async () => unlocked().readMeters(),
};

async function answer<N extends CallName>(
  name: N,
  taken: unknown,
  progress: Progress,
): Promise<Answer<N>> {
  const handle: (taken: Taken<N>, progress: Progress) => Promise<Answer<N>> = handlers[name];
  return handle(v.parse(calls[name].takes, taken), progress);
}

function reply(message: Reply): void {
  // A demo that has gone asks for nothing more: `disconnect` ends this process.
  if (process.connected) process.send?.(message);
}

process.on('message', (message) => {
  const { call, name, taken } = v.parse(requestSchema, message);
  const progress: Progress = (done, total) => {
    reply({ type: 'progress', call, done, total });
  };
  answer(name, taken, progress).then(
    (answered) => {
      reply({ type: 'answered', call, answer: answered });
    },
    (error: unknown) => {
      reply({ type: 'failed', call, message: error instanceof Error ? error.message : 'unknown' });
    },
  );
});

// Ctrl-C reaches every process of the terminal; what happens then is the demo's to decide.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  const end = (): void => process.exit(0);
  closeAll().then(end, end);
});

async function closeAll(): Promise<void> {
  await kit?.close();
  await signedUp?.close();
}
