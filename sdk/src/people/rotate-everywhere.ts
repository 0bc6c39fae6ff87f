import { equalBytes } from '../bytes.js';
import { WipedKeyError } from '../crypto/wiped-key-error.js';
import { isSealsyncError, SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { BudgetId } from '../model/ids.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import { locked, toSealsyncError } from '../sync/sync-failure.js';
import type { BudgetPeople } from './budget-people.js';
import type { Keyslots } from './keyslots.js';
import type { IdentityChange } from './rotate-identity.js';

export interface RotateIdentityOptions {
  readonly keyslots: Keyslots;
  /** The user's passphrase, under which the next keys are sealed. */
  readonly passphrase: string;
  /**
   * Budgets to complete it without, should they fail: the next keys will not open them, and
   * only an owner's removing and inviting this user again leads back. None by default.
   */
  readonly giveUpOn?: readonly BudgetId[];
  /** Called before the first budget and after each. */
  readonly onProgress?: (progress: RotationProgress) => void;
}

/** Budgets that were dealt with, failed ones included, of those on the user's list. */
export interface RotationProgress {
  readonly phase: 'rotate';
  readonly done: number;
  readonly total: number;
}

/** A budget that does not know the next keys, and the kind of the error that is why. */
export interface FailedRotation {
  readonly id: BudgetId;
  readonly kind: SealsyncErrorKind;
}

export interface RotatedIdentity {
  /** Budgets that know the next keys. */
  readonly rotated: readonly BudgetId[];
  /** Budgets that the user was a viewer of, and has left: ask their owners for an invite. */
  readonly left: readonly BudgetId[];
  /** Budgets that could not be opened or changed; trying again may help where that is temporary. */
  readonly failed: readonly FailedRotation[];
  /**
   * Whether the old keys have been put away. Until then they still open what failed: call it
   * again, or name in `giveUpOn` what is not to be waited for.
   */
  readonly isComplete: boolean;
}

export interface RotationDeps {
  readonly identities: OwnIdentities;
  readonly listBudgets: () => Promise<readonly BudgetId[]>;
  /** Takes a budget off that list. */
  readonly forget: (budgetId: BudgetId) => Promise<void>;
  /** Calls `use` with the people of a budget, which is opened for it if it is not open. */
  readonly withPeople: <T>(
    budgetId: BudgetId,
    use: (people: BudgetPeople) => Promise<T>,
  ) => Promise<T>;
}

/**
 * Replaces the user's keys everywhere. The next ones are sealed first, the old ones go last,
 * so that whatever stops it, calling it again goes on. A budget that fails stops no other, but
 * the old keys stay for it.
 */
export async function rotateEverywhere(
  deps: RotationDeps,
  { keyslots, passphrase, giveUpOn = [], onProgress }: RotateIdentityOptions,
): Promise<RotatedIdentity> {
  const { identities } = deps;
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
  const failed: FailedRotation[] = [];
  const listed = await deps.listBudgets();
  const tell = (done: number): void => {
    try {
      onProgress?.({ phase: 'rotate', done, total: listed.length });
    } catch {
      // Who cannot bear the news must not leave half of the budgets behind.
    }
  };
  tell(0);
  for (const [index, id] of listed.entries()) {
    const outcome = await rotateIn(deps, id, change);
    if (outcome === 'rotated') rotated.push(id);
    else if (outcome === 'left') left.push(id);
    else if (outcome !== 'gone') failed.push({ id, kind: outcome.failedBy });
    tell(index + 1);
  }
  const isComplete = failed.every(({ id }) => giveUpOn.includes(id));
  if (isComplete) {
    for (const { id } of failed) await deps.forget(id);
    await keyslots.completeRotation({ passphrase });
    identities.dropOthers();
  }
  return { rotated, left, failed, isComplete };
}

type Outcome = 'rotated' | 'left' | 'gone' | { readonly failedBy: SealsyncErrorKind };

async function rotateIn(
  { withPeople, forget }: RotationDeps,
  budgetId: BudgetId,
  change: IdentityChange,
): Promise<Outcome> {
  try {
    return await withPeople(budgetId, (people) => people.takeUpIdentity(change)).catch(
      async (error: unknown) => {
        if (!isGone(error)) throw error;
        await forget(budgetId);
        return 'gone' as const;
      },
    );
  } catch (error) {
    // Without keys all the others would fail as well.
    if (error instanceof WipedKeyError) throw toSealsyncError(locked());
    if (!isSealsyncError(error)) return { failedBy: 'failed' };
    if (error.kind === 'locked') throw error;
    return { failedBy: error.kind };
  }
}

/** Where the user is not in any more, there is nothing to replace. */
const isGone = (error: unknown): boolean =>
  isSealsyncError(error) && (error.kind === 'removed' || error.kind === 'budget_deleted');
