import { Bytes, deleteField, type DocumentData, type FieldValue } from 'firebase/firestore/lite';
import { ROLES, type Role } from '../model/roles.js';
import type { BudgetChange, BudgetDocument } from '../ports/remote-log.js';

const MAX_TOMBSTONE_BYTES = 1024;

export const newBudgetDocument = (owner: string): DocumentData => ({
  members: { [owner]: 'owner' },
  epoch: 1,
  floor: 0,
  base: '',
  v: 1,
  rekey: false,
  deleted: false,
  invite: '',
  tombstone: Bytes.fromUint8Array(new Uint8Array()),
});

/** To be merged. Nothing where no role changes: an empty map would replace all members. */
export function toMembersChange(members: BudgetChange['members'] = {}): DocumentData {
  const roles: Record<string, Role | FieldValue> = {};
  for (const [uid, role] of Object.entries(members)) roles[uid] = role ?? deleteField();
  return Object.keys(roles).length > 0 ? { members: roles } : {};
}

/** `undefined` for what the rules would not have let in. */
export function parseBudgetDocument(data: DocumentData | undefined): BudgetDocument | undefined {
  const field = (name: string): unknown => data?.[name];
  const [members, epoch, floor] = [parseMembers(field('members')), field('epoch'), field('floor')];
  const [rekey, deleted, tombstone] = [field('rekey'), field('deleted'), field('tombstone')];
  // A budget of before there were snapshots has none.
  const base = field('base') ?? '';
  if (!members || !isCount(epoch) || !isCount(floor)) return undefined;
  if (typeof rekey !== 'boolean' || typeof deleted !== 'boolean') return undefined;
  if (typeof base !== 'string' || !(tombstone instanceof Bytes)) return undefined;
  const notice = tombstone.toUint8Array();
  if (notice.length > MAX_TOMBSTONE_BYTES) return undefined;
  return { members, epoch, floor, base, rekey, deleted, tombstone: notice };
}

function parseMembers(members: unknown): Record<string, Role> | undefined {
  if (typeof members !== 'object' || members === null) return undefined;
  const entries = Object.entries(members).filter((entry): entry is [string, Role] =>
    ROLES.some((role) => role === entry[1]),
  );
  if (entries.length !== Object.keys(members).length) return undefined;
  return Object.fromEntries(entries);
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
