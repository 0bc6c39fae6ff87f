import { equalBytes } from '../bytes.js';
import { SealsyncError } from '../errors.js';
import type { BudgetId } from '../model/ids.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import type { BudgetPeople } from './budget-people.js';
import type { Keyslots } from './keyslots.js';

export interface RotateIdentityOptions {
  readonly keyslots: Keyslots;
  /** The user's passphrase, under which the next keys are sealed. */
  readonly passphrase: string;
}

export interface RotatedIdentity {
  /** Budgets that know the next keys. */
  readonly rotated: readonly BudgetId[];
  /** Budgets that the user was a viewer of, and has left: ask their owners for an invite. */
  readonly left: readonly BudgetId[];
}

export interface RotationDeps {
  readonly identities: OwnIdentities;
  listBudgets(): Promise<readonly BudgetId[]>;
  /** Calls `use` with the people of a budget, which is opened for it if it is not open. */
  withPeople<T>(budgetId: BudgetId, use: (people: BudgetPeople) => Promise<T>): Promise<T>;
}

/**
 * Replaces the user's keys everywhere. The next ones are sealed first, the old ones go last,
 * so that whatever stops it, calling it again goes on.
 */
export async function rotateEverywhere(
  { identities, listBudgets, withPeople }: RotationDeps,
  { keyslots, passphrase }: RotateIdentityOptions,
): Promise<RotatedIdentity> {
  const change = await keyslots.prepareRotation({ passphrase });
  const isOwn = [change.from, change.to].some(({ publicKeys }) =>
    equalBytes(publicKeys.sign, identities.newest.publicKeys.sign),
  );
  if (change.to.uid !== identities.uid || !isOwn) {
    throw new SealsyncError('bad_input', 'These keyslots hold another identity than this one.');
  }
  identities.add(change.from);
  identities.add(change.to);
  const rotated: BudgetId[] = [];
  const left: BudgetId[] = [];
  for (const budgetId of await listBudgets()) {
    try {
      const outcome = await withPeople(budgetId, (people) => people.takeUpIdentity(change));
      (outcome === 'left' ? left : rotated).push(budgetId);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  await keyslots.completeRotation({ passphrase });
  identities.dropOthers();
  return { rotated, left };
}

/** Where the user is not in any more, there is nothing to replace. */
const isGone = (error: unknown): boolean =>
  error instanceof SealsyncError && (error.kind === 'removed' || error.kind === 'budget_deleted');
