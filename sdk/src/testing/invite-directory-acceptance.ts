import type { InviteAcceptance } from '../ports/invite-directory.js';
import { invite, invitesOf, newInviteId } from './invite-directory-fixture.js';
import {
  outcomeOf,
  positionsOf,
  requireOk,
  type Suite,
  type TestBudget,
} from './remote-log-fixture.js';

/** Whoever has the link of an invite that stands joins by it, once; nobody else does. */
export function describeAcceptance(suite: Suite): void {
  describeJoining(suite);
  describeRefusals(suite);
}

const membersOf = async ({ ann }: TestBudget): Promise<unknown> => {
  const document = await ann.readBudget();
  return document.ok && document.value.members;
};

/** How it ends when `name` accepts. */
const accept = async (
  budget: TestBudget,
  name: string,
  acceptance: InviteAcceptance,
): Promise<string> => outcomeOf(await (await invitesOf(budget, name)).accept(acceptance));

function describeJoining({ onBudget, expect }: Suite): void {
  onBudget('makes a member of a newcomer, who can write at once', async (budget) => {
    const { environment, budgetId, annUid } = budget;
    const { acceptance } = await invite(budget);
    const uid = await environment.uidOf('bob');
    const bobs = await environment.budgetFor('bob', budgetId);
    expect(outcomeOf(await bobs.invites.accept(acceptance))).toEqual('ok');
    expect(await membersOf(budget)).toEqual({ [annUid]: 'owner', [uid]: 'editor' });
    expect(positionsOf(await bobs.log.read({ after: 0, limit: 5 }))).toEqual([1]);
    const joined = budget.entryAfter(budget.genesis, { author: uid });
    expect(outcomeOf(await bobs.log.append([joined]))).toEqual('ok');
  });

  onBudget('keeps what the newcomer signed, for members to verify', async (budget) => {
    const { acceptance, invite: made } = await invite(budget);
    const uid = await budget.environment.uidOf('bob');
    expect(await accept(budget, 'bob', acceptance)).toEqual('ok');
    const { inviteId, role, expiresAt } = made;
    const value = {
      inviteId,
      role,
      expiresAt,
      by: budget.annUid,
      revoked: false,
      usedBy: uid,
      acceptance: acceptance.acceptance,
    };
    expect(await budget.anns.invites.read(inviteId)).toEqual({ ok: true, value });
    expect(await budget.anns.invites.listUsedBy(uid)).toEqual({ ok: true, value: [value] });
    expect(await budget.anns.invites.listUsedBy('nobody')).toEqual({ ok: true, value: [] });
  });

  onBudget('notes the budget for the newcomer', async (budget) => {
    const { acceptance } = await invite(budget);
    expect(await accept(budget, 'bob', acceptance)).toEqual('ok');
    const list = await budget.environment.listFor('bob');
    expect(await list.readPin(budget.budgetId)).toEqual({ ok: true, value: acceptance.pin });
  });

  onBudget(
    'lets somebody in while a new key is wanted, or long after the sign-in',
    async (budget) => {
      const { environment, budgetId } = budget;
      const { acceptance } = await invite(budget, { role: 'viewer' });
      await environment.overwrite(budgetId, { rekey: true });
      const { invites } = await environment.staleBudgetFor('bob', budgetId);
      expect(outcomeOf(await invites.accept(acceptance))).toEqual('ok');
    },
  );

  onBudget(
    'keeps the bytes of the call, whatever its caller does to them later',
    async (budget) => {
      const { acceptance } = await invite(budget);
      const genuine = acceptance.acceptance.slice();
      const accepting = (await invitesOf(budget, 'bob')).accept(acceptance);
      acceptance.acceptance.fill(0);
      acceptance.access.fill(0);
      requireOk(await accepting);
      const found = await budget.anns.invites.read(acceptance.inviteId);
      expect(found.ok && found.value?.acceptance).toEqual(genuine);
    },
  );
}

function describeRefusals({ onBudget, expect }: Suite): void {
  const misshapen: readonly (readonly [string, Partial<InviteAcceptance>])[] = [
    ['another access value', { access: new Uint8Array(32) }],
    ['no access value', { access: new Uint8Array() }],
    ['another role', { role: 'owner' }],
    ['another invite', { inviteId: newInviteId() }],
    ['nothing signed', { acceptance: new Uint8Array() }],
    ['too much signed', { acceptance: new Uint8Array(1025) }],
    ['no note', { pin: new Uint8Array() }],
  ];
  for (const [what, change] of misshapen) {
    onBudget(`denies an acceptance with ${what}`, async (budget) => {
      const { acceptance } = await invite(budget);
      expect(await accept(budget, 'eve', { ...acceptance, ...change })).toEqual('denied');
      expect(await membersOf(budget)).toEqual({ [budget.annUid]: 'owner' });
      const found = await budget.anns.invites.read(acceptance.inviteId);
      expect(found.ok && found.value && 'usedBy' in found.value).toEqual(false);
      const list = await budget.environment.listFor('eve');
      expect(await list.readPin(budget.budgetId)).toEqual({ ok: true, value: undefined });
    });
  }

  const ended: readonly (readonly [
    string,
    (budget: TestBudget, id: string) => Promise<unknown>,
  ])[] = [
    ['is over', async ({ environment, budgetId }, id) => environment.expireInvite(budgetId, id)],
    ['was revoked', ({ anns }, id) => anns.invites.revoke(id)],
    [
      'is to a deleted budget',
      async ({ environment, budgetId }) => environment.overwrite(budgetId, { deleted: true }),
    ],
    [
      'was made by whoever is no owner any more',
      async (budget) => {
        await budget.admit('bob', 'owner', budget.genesis);
        const members = { [budget.annUid]: 'editor' } as const;
        requireOk(await budget.ann.append([], { members }));
      },
    ],
    [
      'was made by whoever left',
      async (budget) => {
        await budget.admit('bob', 'owner', budget.genesis);
        requireOk(await budget.anns.exits.leave(new Uint8Array(9)));
      },
    ],
  ];
  for (const [what, end] of ended) {
    onBudget(`denies an invite that ${what}`, async (budget) => {
      const { acceptance } = await invite(budget);
      await end(budget, acceptance.inviteId);
      expect(await accept(budget, 'eve', acceptance)).toEqual('denied');
      const eves = await budget.environment.budgetFor('eve', budget.budgetId);
      expect(outcomeOf(await eves.log.read({ after: 0, limit: 1 }))).toEqual('denied');
    });
  }

  onBudget('denies a link that was used, to its user and to others', async (budget) => {
    const { acceptance } = await invite(budget);
    expect(await accept(budget, 'bob', acceptance)).toEqual('ok');
    expect(await accept(budget, 'bob', acceptance)).toEqual('denied');
    expect(await accept(budget, 'eve', acceptance)).toEqual('denied');
    const bobs = await budget.environment.budgetFor('bob', budget.budgetId);
    requireOk(await bobs.exits.leave(new Uint8Array(9)));
    expect(await accept(budget, 'bob', acceptance)).toEqual('denied');
    expect(await membersOf(budget)).toEqual({ [budget.annUid]: 'owner' });
  });

  onBudget('lets one of two who race for a link win', async (budget) => {
    const { acceptance } = await invite(budget);
    const outcomes = await Promise.all(
      ['bob', 'eve'].map((name) => accept(budget, name, acceptance)),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toEqual(['ok']);
  });

  onBudget('denies a member who has a link already inside', async (budget) => {
    await budget.admit('bob', 'viewer', budget.genesis);
    const { acceptance } = await invite(budget, { role: 'owner' });
    expect(await accept(budget, 'bob', acceptance)).toEqual('denied');
    expect(await accept(budget, 'ann', acceptance)).toEqual('denied');
  });

  onBudget('denies the fifty-first member', async (budget) => {
    const { acceptance } = await invite(budget);
    const members: Record<string, 'viewer'> = {};
    for (let index = 1; index < 50; index++) members[`guest-${String(index)}`] = 'viewer';
    requireOk(await budget.ann.append([], { members }));
    expect(await accept(budget, 'bob', acceptance)).toEqual('denied');
  });

  onBudget('lists nothing for outsiders', async (budget) => {
    const { acceptance } = await invite(budget);
    const bobs = await invitesOf(budget, 'bob');
    const uid = await budget.environment.uidOf('bob');
    expect(outcomeOf(await bobs.listUsedBy(uid))).toEqual('denied');
    requireOk(await bobs.accept(acceptance));
    expect(outcomeOf(await bobs.listUsedBy(uid))).toEqual('ok');
    expect(outcomeOf(await (await invitesOf(budget, 'eve')).listUsedBy(uid))).toEqual('denied');
  });
}
