import * as v from 'valibot';
import { plannedEditSchema } from '../edits/planned-edit.js';

/*
 * What the demo and its people tell each other between processes. Every message is checked on
 * arrival. Invite links travel here, as they would in a message from one person to another; no
 * passphrase does.
 */

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const timeMs = v.pipe(v.number(), v.finite());
const nothing = v.strictObject({});
const role = v.picklist(['owner', 'editor', 'viewer']);
const address = v.strictObject({ host: text, port: count });

const bankRow = v.strictObject({
  date: text,
  account: text,
  payee: text,
  category: text,
  memo: text,
  amountText: text,
  amountMinor: v.pipe(v.number(), v.safeInteger()),
});

const conflictSide = v.strictObject({ author: text, value: v.optional(v.unknown()) });
const conflict = v.strictObject({
  collection: text,
  id: text,
  field: text,
  seq: count,
  winner: conflictSide,
  loser: conflictSide,
});

const budgetView = v.strictObject({
  /** Log position and digest of the state that this process verified, opened and folded. */
  seq: count,
  epoch: count,
  digest: text,
  pendingEdits: count,
  rejectedEdits: count,
  records: count,
  sums: v.array(v.tuple([text, text])),
  conflicts: v.array(conflict),
  /** Kinds of the security events that were reported. */
  securityEvents: v.array(text),
});

const meters = v.strictObject({
  firestore: v.strictObject({ reads: count, writes: count, deletes: count, rulesReads: count }),
  signals: v.strictObject({ count, maxBytes: count }),
});

/** Everything a person can be asked: what it takes, and what it answers. */
export const calls = {
  /** Signs up. */
  signUp: {
    takes: v.strictObject({ email: text, projectId: text, authUrl: text, firestore: address }),
    answers: v.strictObject({ uid: text }),
  },
  /** Makes an identity under a new passphrase, which stays with this person, and sets the kit up. */
  unlock: { takes: v.strictObject({ signalingUrl: text }), answers: nothing },
  createBudget: { takes: nothing, answers: v.strictObject({ budgetId: text }) },
  createInvite: { takes: v.strictObject({ role }), answers: v.strictObject({ link: text }) },
  acceptInvite: { takes: v.strictObject({ link: text }), answers: nothing },
  /** Answers once these are the budget's members, and no others. */
  whenMembers: { takes: v.strictObject({ uids: v.array(text) }), answers: nothing },
  safetyNumber: { takes: v.strictObject({ uid: text }), answers: v.strictObject({ digits: text }) },
  markVerified: { takes: v.strictObject({ uid: text }), answers: nothing },
  removeMember: { takes: v.strictObject({ uid: text }), answers: nothing },
  /** Answers once the kit says that this person is no longer part of the budget. */
  whenRemoved: { takes: nothing, answers: v.strictObject({ kind: text, by: text }) },
  /** Asks Firestore itself for one entry of the log: what the rules answer. */
  readEntry: {
    takes: v.strictObject({ seq: count }),
    answers: v.strictObject({ answer: v.picklist(['found', 'missing', 'denied']) }),
  },
  /** Opens the budget anew with the keys that this person has: the kind of failure, if it fails. */
  openAgain: {
    takes: nothing,
    answers: v.strictObject({ failure: v.optional(text) }),
  },
  /** Reports progress in records; answers once the log holds all of them. */
  importRows: { takes: v.strictObject({ rows: v.array(bankRow) }), answers: nothing },
  /** Answers once the log was verified up to `seq` and nothing of this person is pending. */
  reach: { takes: v.strictObject({ seq: count }), answers: budgetView },
  /** What there is at this moment, without waiting for anything. */
  look: { takes: nothing, answers: budgetView },
  readNote: { takes: v.strictObject({ row: count }), answers: v.strictObject({ memo: text }) },
  /** Stops syncing, then makes an edit. */
  editOffline: { takes: v.strictObject({ edit: plannedEditSchema }), answers: nothing },
  /** Starts syncing again and makes all edits in the same moment. */
  editOnline: { takes: v.strictObject({ edits: v.array(plannedEditSchema) }), answers: nothing },
  /** Starts watching for a note on a row; `whenSeen` then answers when it showed. */
  watchNote: { takes: v.strictObject({ row: count, memo: text }), answers: nothing },
  whenSeen: { takes: nothing, answers: v.strictObject({ seenAtMs: timeMs }) },
  /** Notes something on a row; answers when the call was made. */
  editNote: {
    takes: v.strictObject({ row: count, memo: text }),
    answers: v.strictObject({ calledAtMs: timeMs }),
  },
  readMeters: { takes: nothing, answers: meters },
} as const;

export type CallName = keyof typeof calls;
export type Taken<N extends CallName> = v.InferOutput<(typeof calls)[N]['takes']>;
export type Answer<N extends CallName> = v.InferOutput<(typeof calls)[N]['answers']>;
export type BudgetView = v.InferOutput<typeof budgetView>;
export type Meters = v.InferOutput<typeof meters>;
export type ReportedConflict = v.InferOutput<typeof conflict>;

/** From the demo to a person. */
export const requestSchema = v.strictObject({
  call: count,
  name: v.picklist(Object.keys(calls) as CallName[]),
  taken: v.unknown(),
});

/** From a person to the demo. */
export const replySchema = v.variant('type', [
  v.strictObject({ type: v.literal('progress'), call: count, done: count, total: count }),
  v.strictObject({ type: v.literal('answered'), call: count, answer: v.unknown() }),
  v.strictObject({ type: v.literal('failed'), call: count, message: text }),
]);

export type Request = v.InferOutput<typeof requestSchema>;
export type Reply = v.InferOutput<typeof replySchema>;
