import type { Role } from '@sealsync/sdk';

/** One of the demo's people. */
export interface Part {
  readonly name: string;
  readonly role: Role;
}

const NAMES = ['Ana', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gia', 'Hugo'] as const;

export const MIN_PEOPLE = 2;
export const MAX_PEOPLE: number = NAMES.length;

/** Who plays along: the first owns the budget, the third may only look, the others edit. */
export function castPeople(count: number): Part[] {
  return NAMES.slice(0, count).map((name, index) => ({ name, role: roleOf(index) }));
}

function roleOf(index: number): Role {
  if (index === 0) return 'owner';
  return index === 2 ? 'viewer' : 'editor';
}
