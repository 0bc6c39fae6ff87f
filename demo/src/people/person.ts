/**
 * One of the two people: a process of its own with its own Firebase app and its own instance of
 * the kit. It does what the demo's process asks for and ends when that one goes.
 */
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
import type { Household } from '../household/shapes.js';

type Progress = (done: number, total: number) => void;
type Handlers = { [N in CallName]: (taken: Taken<N>, progress: Progress) => Promise<Answer<N>> };

let signedUp: SignedUp | undefined;
let signalingUrl = '';
let household: OpenHousehold | undefined;

function person(): SignedUp {
  if (!signedUp) throw new Error('Nobody has signed up yet.');
  return signedUp;
}

function open(): OpenHousehold {
  if (!household) throw new Error('No budget is open.');
  return household;
}

const handlers: Handlers = {
  signUp: async (taken) => {
    signedUp = await signUp(taken);
    signalingUrl = taken.signalingUrl;
    return { uid: signedUp.uid };
  },
  publishIdentity: async () => {
    await person().sync.publishIdentity();
    return {};
  },
  createBudget: async ({ passphrase }) => {
    const budget = await person().sync.createBudget<Household>({ passphrase });
    household = new OpenHousehold(budget, signalingUrl);
    return { budgetId: budget.id };
  },
  addMember: async ({ uid }) => {
    await open().addMember(uid);
    return {};
  },
  openBudget: async ({ budgetId, passphrase }) => {
    const budget = await person().sync.openBudget<Household>(budgetId, { passphrase });
    household = new OpenHousehold(budget, signalingUrl);
    return {};
  },
  importRows: async ({ rows }, progress) => {
    await open().importRows(rows, progress);
    return {};
  },
  reach: ({ seq }) => open().reach(seq),
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
  readMeters: async () => {
    const { firestoreCount, readSignals } = person();
    return { firestore: { ...firestoreCount }, signals: readSignals() };
  },
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
  (signedUp?.close() ?? Promise.resolve()).then(end, end);
});
