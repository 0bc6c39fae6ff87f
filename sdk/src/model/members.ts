import type { PublicKeys, Statement } from './membership.js';
import type { Role } from './roles.js';

export interface Member {
  readonly role: Role;
  readonly keys: PublicKeys;
}

/** Who belongs to a budget at one point of its log, by Firebase uid. */
export type Members = ReadonlyMap<string, Member>;

/**
 * The members after `statement`, or `undefined` if its author may not say so: the
 * first entry alone makes an owner of its author; after that only owners speak.
 */
export function foldStatement(
  members: Members,
  statement: Statement,
  entry: { readonly seq: number; readonly author: string },
): Members | undefined {
  switch (statement.type) {
    case 'genesis':
      return entry.seq === 1 && members.size === 0
        ? new Map([[entry.author, { role: 'owner', keys: statement.keys }]])
        : undefined;
    case 'member_added':
      return members.get(entry.author)?.role === 'owner' && !members.has(statement.uid)
        ? new Map(members).set(statement.uid, { role: statement.role, keys: statement.keys })
        : undefined;
  }
}

export function foldStatements(
  members: Members,
  statements: readonly Statement[],
  entry: { readonly seq: number; readonly author: string },
): Members | undefined {
  let folded: Members | undefined = members;
  for (const statement of statements) folded = folded && foldStatement(folded, statement, entry);
  return folded;
}
