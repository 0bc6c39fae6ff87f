import { Bytes, Timestamp, type DocumentData } from 'firebase/firestore/lite';
import { ROLES } from '../model/roles.js';
import type { NewInvite, StoredInvite } from '../ports/invite-directory.js';
import { toBytes } from './entry-document.js';
import { readBytes, readSealed } from './read-bytes.js';

const FIELDS = 9;
const HASH_BYTES = 32;
const ACCESS_BYTES = 32;
const NOTHING = new Uint8Array();

export const toInviteDocument = (invite: NewInvite, by: string): DocumentData => ({
  v: 1,
  role: invite.role,
  by,
  expiresAt: Timestamp.fromMillis(invite.expiresAt),
  accessHash: toBytes(invite.accessHash),
  revoked: false,
  usedBy: '',
  access: toBytes(NOTHING),
  acceptance: toBytes(NOTHING),
});

/** `undefined` for what the rules would not have let in. */
export function parseInviteDocument(
  inviteId: string,
  data: DocumentData | undefined,
): StoredInvite | undefined {
  if (!data || Object.keys(data).length !== FIELDS || data['v'] !== 1) return undefined;
  const field = (name: string): unknown => data[name];
  const [by, expiresAt, revoked] = [field('by'), field('expiresAt'), field('revoked')];
  const role = ROLES.find((known) => known === field('role'));
  const use = parseUse(data);
  if (!role || !use || typeof by !== 'string' || typeof revoked !== 'boolean') return undefined;
  if (!(expiresAt instanceof Timestamp) || !readBytes(field('accessHash'), HASH_BYTES)) {
    return undefined;
  }
  return { inviteId, role, by, expiresAt: expiresAt.toMillis(), revoked, ...use };
}

/** By whom and how it was used; `undefined` where only half of that is there. */
function parseUse(data: DocumentData): Pick<StoredInvite, 'usedBy' | 'acceptance'> | undefined {
  const [usedBy, access, acceptance] = [data['usedBy'], data['access'], data['acceptance']] as [
    unknown,
    unknown,
    unknown,
  ];
  if (usedBy === '') return isNothing(access) && isNothing(acceptance) ? {} : undefined;
  const signed = readSealed(acceptance);
  if (typeof usedBy !== 'string' || !signed || !readBytes(access, ACCESS_BYTES)) return undefined;
  return { usedBy, acceptance: signed };
}

const isNothing = (value: unknown): boolean =>
  value instanceof Bytes && value.toUint8Array().length === 0;
