import { sha256 } from '@noble/hashes/sha2.js';
import type { InviteAcceptance, InviteDirectory, NewInvite } from '../ports/invite-directory.js';
import { newBudgetId, requireOk, type TestBudget } from './remote-log-fixture.js';

export const DAY_MS: number = 24 * 60 * 60_000;

/** An invite to the budget, and what whoever has its link would accept it with. */
export interface TestInvite {
  readonly invite: NewInvite;
  readonly acceptance: InviteAcceptance;
}

export function makeInvite(budget: TestBudget, change: Partial<NewInvite> = {}): TestInvite {
  const access = crypto.getRandomValues(new Uint8Array(32));
  const invite: NewInvite = {
    inviteId: newInviteId(),
    role: 'editor',
    expiresAt: budget.environment.nowMs() + DAY_MS,
    accessHash: sha256(access),
    ...change,
  };
  const { inviteId, role } = invite;
  const [acceptance, pin] = [new Uint8Array(250).fill(6), new Uint8Array(90).fill(7)];
  return { invite, acceptance: { inviteId, role, access, acceptance, pin } };
}

/** The ids of budgets and of invites look alike. */
export const newInviteId = (): string => newBudgetId();

/** An invite that `ann` made. */
export async function invite(
  budget: TestBudget,
  change: Partial<NewInvite> = {},
): Promise<TestInvite> {
  const made = makeInvite(budget, change);
  requireOk(await budget.anns.invites.create(made.invite));
  return made;
}

export async function invitesOf(budget: TestBudget, name: string): Promise<InviteDirectory> {
  return (await budget.environment.budgetFor(name, budget.budgetId)).invites;
}
