import type { DocumentData } from 'firebase/firestore/lite';
import { ROLES, type Role } from '../model/roles.js';
import type { BudgetDocument } from '../ports/remote-log.js';

export const newBudgetDocument = (owner: string): DocumentData => ({
  members: { [owner]: 'owner' },
  epoch: 1,
  floor: 0,
  v: 1,
  rekey: false,
  deleted: false,
});

/** `undefined` for what the rules would not have let in. */
export function parseBudgetDocument(data: DocumentData | undefined): BudgetDocument | undefined {
  const field = (name: string): unknown => data?.[name];
  const [members, epoch, floor, deleted] = [
    parseMembers(field('members')),
    field('epoch'),
    field('floor'),
    field('deleted'),
  ];
  if (!members || !isCount(epoch) || !isCount(floor) || typeof deleted !== 'boolean') {
    return undefined;
  }
  return { members, epoch, floor, deleted };
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
