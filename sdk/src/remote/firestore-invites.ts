import {
  collection,
  doc,
  FieldPath,
  getDoc,
  limit,
  query,
  setDoc,
  updateDoc,
  where,
  writeBatch,
} from 'firebase/firestore/lite';
import {
  MAX_LISTED_INVITES,
  type InviteDirectory,
  type StoredInvite,
} from '../ports/invite-directory.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import { toBytes } from './entry-document.js';
import { createFirestoreCall } from './firestore-call.js';
import type { FirestoreBudgetOptions } from './firestore-options.js';
import { parseInviteDocument, toInviteDocument } from './invite-document.js';
import { pinRef, toPinDocument } from './pin-document.js';
import { listDocuments } from './list-documents.js';
import { RULES_READS } from './rules-reads.js';

/** Invites in `budgets/{budgetId}/invites`. */
export function createFirestoreInvites(options: FirestoreBudgetOptions): InviteDirectory {
  const { firestore, uid, budgetId, count = createOperationCounter() } = options;
  const call = createFirestoreCall(options);
  const budget = doc(firestore, 'budgets', budgetId);
  const invites = collection(budget, 'invites');
  return {
    create: (invite, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.createInvite;
        return setDoc(doc(invites, invite.inviteId), toInviteDocument(invite, uid));
      };
      return call('Creating the invite', run, signal);
    },
    read: (inviteId, signal) => {
      const run = async (): Promise<StoredInvite | undefined> => {
        count.rulesReads += RULES_READS.readInvite;
        const snapshot = await getDoc(doc(invites, inviteId));
        count.reads += 1;
        return parseInviteDocument(inviteId, snapshot.data());
      };
      return call('Reading the invite', run, signal);
    },
    listUsedBy: (guest, signal) => {
      const run = async (): Promise<StoredInvite[]> => {
        const used = query(invites, where('usedBy', '==', guest), limit(MAX_LISTED_INVITES));
        const docs = await listDocuments(used, count, RULES_READS.listInvites);
        return docs
          .map((document) => parseInviteDocument(document.id, document.data()))
          .filter((invite) => invite !== undefined);
      };
      return call('Listing used invites', run, signal);
    },
    accept: ({ inviteId, role, access, acceptance, pin }, signal) => {
      const run = (): Promise<void> => {
        count.writes += 3;
        count.rulesReads += RULES_READS.acceptInvite;
        const use = { usedBy: uid, access: toBytes(access), acceptance: toBytes(acceptance) };
        // By path, since a newcomer cannot read who else is a member; a uid may hold dots.
        return writeBatch(firestore)
          .update(budget, new FieldPath('members', uid), role, 'invite', inviteId)
          .update(doc(invites, inviteId), use)
          .set(pinRef(firestore, uid, budgetId), toPinDocument(pin))
          .commit();
      };
      return call('Accepting the invite', run, signal);
    },
    revoke: (inviteId, signal) => {
      const run = (): Promise<void> => {
        count.writes += 1;
        count.rulesReads += RULES_READS.revokeInvite;
        return updateDoc(doc(invites, inviteId), { revoked: true });
      };
      return call('Revoking the invite', run, signal);
    },
  };
}
