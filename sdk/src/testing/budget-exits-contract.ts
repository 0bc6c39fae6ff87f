import { describeDeletion } from './budget-exits-deletion.js';
import { invite } from './invite-directory-fixture.js';
import type { TestFunctions } from './local-store-contract.js';
import {
  createSuite,
  outcomeOf,
  requireOk,
  type MakeEnvironment,
  type Suite,
} from './remote-log-fixture.js';

const NOTICE = new Uint8Array(200).fill(5);

/** What any `BudgetExits` must do, like `describeRemoteLog`. */
export function describeBudgetExits(
  functions: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  const suite = createSuite(functions, make);
  suite.describe(`BudgetExits: ${name}`, () => {
    describeLeaving(suite);
    describeReturning(suite);
    describeDeletion(suite);
  });
}

function describeLeaving({ onBudget, expect }: Suite): void {
  for (const role of ['owner', 'editor', 'viewer'] as const) {
    onBudget(`lets somebody with the role ${role} leave`, async (budget) => {
      const { budget: bobs, uid } = await budget.admit('bob', role, budget.genesis);
      expect(outcomeOf(await bobs.exits.leave(NOTICE))).toEqual('ok');
      const document = await budget.ann.readBudget();
      expect(document.ok && document.value.members).toEqual({ [budget.annUid]: 'owner' });
      expect(document.ok && document.value.rekey).toEqual(true);
      expect(outcomeOf(await bobs.log.readBudget())).toEqual('denied');
      expect(outcomeOf(await bobs.log.readHead())).toEqual('denied');
      const notice = { ok: true, value: NOTICE };
      expect(await bobs.exits.readDeparture(uid)).toEqual(notice);
      expect(await budget.anns.exits.readDeparture(uid)).toEqual(notice);
    });
  }

  onBudget('needs no recent sign-in', async (budget) => {
    await budget.admit('bob', 'editor', budget.genesis);
    const { exits } = await budget.environment.staleBudgetFor('bob', budget.budgetId);
    expect(outcomeOf(await exits.leave(NOTICE))).toEqual('ok');
  });

  onBudget('lets nobody write before a new epoch, which any writer may start', async (budget) => {
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const cyd = await budget.admit('cyd', 'editor', bob.entry);
    requireOk(await bob.budget.exits.leave(NOTICE));
    const entry = budget.entryAfter(cyd.entry, { author: cyd.uid });
    expect(outcomeOf(await cyd.log.append([entry]))).toEqual('denied');
    const start = { ...entry, epoch: 2 };
    const change = { epoch: 2, settlesLeaving: true } as const;
    expect(outcomeOf(await cyd.log.append([start], change))).toEqual('ok');
  });

  onBudget('denies the last owner', async (budget) => {
    await budget.admit('bob', 'editor', budget.genesis);
    expect(outcomeOf(await budget.anns.exits.leave(NOTICE))).toEqual('denied');
    const document = await budget.ann.readBudget();
    expect(document.ok && document.value.rekey).toEqual(false);
  });

  onBudget('denies who is outside, and who left already', async (budget) => {
    const { environment, budgetId } = budget;
    const { budget: bobs } = await budget.admit('bob', 'editor', budget.genesis);
    const eves = await environment.budgetFor('eve', budgetId);
    expect(outcomeOf(await eves.exits.leave(NOTICE))).toEqual('denied');
    requireOk(await bobs.exits.leave(NOTICE));
    expect(outcomeOf(await bobs.exits.leave(NOTICE))).toEqual('denied');
  });

  onBudget('denies a notice without bytes, or with too many', async (budget) => {
    const { budget: bobs } = await budget.admit('bob', 'editor', budget.genesis);
    for (const length of [0, 1025]) {
      expect(outcomeOf(await bobs.exits.leave(new Uint8Array(length)))).toEqual('denied');
    }
    expect(outcomeOf(await bobs.log.readBudget())).toEqual('ok');
  });

  onBudget('denies leaving a deleted budget', async (budget) => {
    const { budget: bobs } = await budget.admit('bob', 'editor', budget.genesis);
    await budget.environment.overwrite(budget.budgetId, { deleted: true });
    expect(outcomeOf(await bobs.exits.leave(NOTICE))).toEqual('denied');
  });

  onBudget('shows notices to members and to whom they are about', async (budget) => {
    const { environment, budgetId, annUid } = budget;
    const bob = await budget.admit('bob', 'editor', budget.genesis);
    const nothing = { ok: true, value: undefined };
    expect(await budget.anns.exits.readDeparture(bob.uid)).toEqual(nothing);
    expect(await bob.budget.exits.readDeparture(annUid)).toEqual(nothing);
    requireOk(await bob.budget.exits.leave(NOTICE));
    const eves = await environment.budgetFor('eve', budgetId);
    expect(outcomeOf(await eves.exits.readDeparture(bob.uid))).toEqual('denied');
    expect(await eves.exits.readDeparture(await environment.uidOf('eve'))).toEqual(nothing);
  });
}

function describeReturning({ onBudget, expect }: Suite): void {
  onBudget('lets somebody come back by a new invite, and leave again', async (budget) => {
    const { budget: bobs, uid } = await budget.admit('bob', 'editor', budget.genesis);
    requireOk(await bobs.exits.leave(NOTICE));
    const { acceptance } = await invite(budget, { role: 'viewer' });
    expect(outcomeOf(await bobs.invites.accept(acceptance))).toEqual('ok');
    const second = new Uint8Array(100).fill(8);
    expect(outcomeOf(await bobs.exits.leave(second))).toEqual('ok');
    expect(await bobs.exits.readDeparture(uid)).toEqual({ ok: true, value: second });
  });
}
