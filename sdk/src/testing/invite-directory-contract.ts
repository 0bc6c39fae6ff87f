import { createOperationCounter } from '../ports/operation-counter.js';
import type { NewInvite } from '../ports/invite-directory.js';
import { describeAcceptance } from './invite-directory-acceptance.js';
import { DAY_MS, invite, invitesOf, makeInvite, newInviteId } from './invite-directory-fixture.js';
import type { TestFunctions } from './local-store-contract.js';
import {
  createSuite,
  outcomeOf,
  requireOk,
  type MakeEnvironment,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';

/** What any `InviteDirectory` must do, like `describeRemoteLog`. */
export function describeInviteDirectory(
  functions: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  const suite = createSuite(functions, make);
  suite.describe(`InviteDirectory: ${name}`, () => {
    describeMaking(suite);
    describeRevoking(suite);
    describeAcceptance(suite);
    describeCounting(suite);
  });
}

function describeMaking({ onBudget, expect }: Suite): void {
  onBudget('shows an invite to whoever has its id, and its access to nobody', async (budget) => {
    const { invite: made } = await invite(budget, { role: 'viewer' });
    const { inviteId, role, expiresAt } = made;
    const value = { inviteId, role, expiresAt, by: budget.annUid, revoked: false };
    expect(await budget.anns.invites.read(inviteId)).toEqual({ ok: true, value });
    expect(await (await invitesOf(budget, 'eve')).read(inviteId)).toEqual({ ok: true, value });
  });

  onBudget('has nothing under another id', async (budget) => {
    const eves = await invitesOf(budget, 'eve');
    expect(await eves.read(newInviteId())).toEqual({ ok: true, value: undefined });
  });

  onBudget('lets only owners make invites', async (budget) => {
    await budget.admit('bob', 'editor', budget.genesis);
    for (const name of ['bob', 'eve']) {
      const made = makeInvite(budget).invite;
      expect(outcomeOf(await (await invitesOf(budget, name)).create(made))).toEqual('denied');
    }
  });

  const misshapen: readonly (readonly [string, (budget: TestBudget) => Partial<NewInvite>])[] = [
    ['is over already', ({ environment }) => ({ expiresAt: environment.nowMs() - 15_000 })],
    ['lasts too long', ({ environment }) => ({ expiresAt: environment.nowMs() + 91 * DAY_MS })],
    ['has a short id', () => ({ inviteId: 'ab'.repeat(15) })],
    ['has an id that is not hex', () => ({ inviteId: 'xy'.repeat(16) })],
    ['has a short hash', () => ({ accessHash: new Uint8Array(31) })],
  ];
  for (const [what, change] of misshapen) {
    onBudget(`denies an invite that ${what}`, async (budget) => {
      const made = makeInvite(budget, change(budget)).invite;
      expect(outcomeOf(await budget.anns.invites.create(made))).toEqual('denied');
    });
  }

  onBudget('takes an invite that lasts long', async (budget) => {
    const expiresAt = budget.environment.nowMs() + 89 * DAY_MS;
    const made = makeInvite(budget, { expiresAt, role: 'owner' }).invite;
    expect(outcomeOf(await budget.anns.invites.create(made))).toEqual('ok');
  });

  onBudget('denies replacing an invite', async (budget) => {
    const { invite: made } = await invite(budget);
    const again = [made, { ...made, role: 'owner' }, makeInvite(budget, made).invite] as const;
    for (const other of again) {
      expect(outcomeOf(await budget.anns.invites.create(other))).toEqual('denied');
    }
  });

  onBudget('makes no invites to a deleted budget', async (budget) => {
    await budget.environment.overwrite(budget.budgetId, { deleted: true });
    const made = makeInvite(budget).invite;
    expect(outcomeOf(await budget.anns.invites.create(made))).toEqual('denied');
  });
}

function describeRevoking({ onBudget, expect }: Suite): void {
  onBudget('revokes an invite, once and again', async (budget) => {
    const { inviteId } = (await invite(budget)).invite;
    expect(outcomeOf(await budget.anns.invites.revoke(inviteId))).toEqual('ok');
    expect(outcomeOf(await budget.anns.invites.revoke(inviteId))).toEqual('ok');
    const found = await budget.anns.invites.read(inviteId);
    expect(found.ok && found.value?.revoked).toEqual(true);
  });

  onBudget('lets only owners revoke, and what there is', async (budget) => {
    await budget.admit('bob', 'editor', budget.genesis);
    const { inviteId } = (await invite(budget)).invite;
    for (const name of ['bob', 'eve']) {
      expect(outcomeOf(await (await invitesOf(budget, name)).revoke(inviteId))).toEqual('denied');
    }
    expect(outcomeOf(await budget.anns.invites.revoke(newInviteId()))).toEqual('denied');
    const found = await budget.anns.invites.read(inviteId);
    expect(found.ok && found.value?.revoked).toEqual(false);
  });

  onBudget('neither sends nor waits once its caller has given up', async (budget) => {
    const { invites } = budget.anns;
    const { invite: made, acceptance } = makeInvite(budget);
    const aborted = AbortSignal.abort();
    const outcomes = [
      await invites.create(made, aborted),
      await invites.read(made.inviteId, aborted),
      await invites.listUsedBy(budget.annUid, aborted),
      await invites.accept(acceptance, aborted),
      await invites.revoke(made.inviteId, aborted),
    ].map(outcomeOf);
    expect(outcomes).toEqual(outcomes.map(() => 'deadline'));
    expect(await invites.read(made.inviteId)).toEqual({ ok: true, value: undefined });
  });
}

function describeCounting({ onBudget, expect }: Suite): void {
  onBudget('counts what invites cost their owner and the newcomer', async (budget) => {
    const { environment, budgetId } = budget;
    const [annCount, bobCount] = [createOperationCounter(), createOperationCounter()];
    const { invites: anns } = await environment.budgetFor('ann', budgetId, annCount);
    const { invites: bobs } = await environment.budgetFor('bob', budgetId, bobCount);
    const { invite: made, acceptance } = makeInvite(budget);
    requireOk(await anns.create(made));
    requireOk(await bobs.read(made.inviteId));
    requireOk(await bobs.accept(acceptance));
    expect(bobCount).toEqual({ reads: 1, writes: 3, deletes: 0, rulesReads: 3 });
    requireOk(await anns.listUsedBy(await environment.uidOf('bob')));
    requireOk(await anns.revoke(made.inviteId));
    expect(annCount).toEqual({ reads: 1, writes: 2, deletes: 0, rulesReads: 3 });
  });
}
