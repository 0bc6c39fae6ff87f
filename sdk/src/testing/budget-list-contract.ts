import type { BudgetId } from '../model/ids.js';
import { MAX_LISTED_BUDGETS } from '../ports/budget-list.js';
import { createOperationCounter } from '../ports/operation-counter.js';
import type { TestFunctions } from './local-store-contract.js';
import {
  makeGenesis,
  makeNewBudget,
  newBudgetId,
  outcomeOf,
  requireOk,
  type MakeEnvironment,
} from './remote-log-fixture.js';

const pinOf = (fill: number): Uint8Array => new Uint8Array(80).fill(fill);

/** What any `BudgetList` must do, like `describeRemoteLog`. */
export function describeBudgetList(
  { describe, it, expect }: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  describe(`BudgetList: ${name}`, () => {
    it('has the budgets that one created, and nobody else’s', async () => {
      const environment = await make();
      const budgetId = newBudgetId();
      const uid = await environment.uidOf('gil');
      const { log } = await environment.budgetFor('gil', budgetId);
      const created = makeNewBudget(uid);
      requireOk(await log.create(makeGenesis(budgetId, uid, environment.nowMs()), created));
      const gils = await environment.listFor('gil');
      expect(await gils.list()).toEqual({ ok: true, value: [budgetId] });
      expect(await gils.readPin(budgetId)).toEqual({ ok: true, value: created.pin });
      const hals = await environment.listFor('hal');
      expect(await hals.list()).toEqual({ ok: true, value: [] });
      expect(await hals.readPin(budgetId)).toEqual({ ok: true, value: undefined });
    });

    it('denies creating a budget without a note of it, or without a key', async () => {
      const environment = await make();
      const budgetId = newBudgetId();
      const uid = await environment.uidOf('gil');
      const { log } = await environment.budgetFor('gil', budgetId);
      const genesis = makeGenesis(budgetId, uid, environment.nowMs());
      const { wrap, pin } = makeNewBudget(uid);
      const empty = new Uint8Array();
      for (const created of [
        { wrap, pin: empty },
        { wrap: { ...wrap, wrap: empty }, pin },
      ]) {
        expect(outcomeOf(await log.create(genesis, created))).toEqual('denied');
      }
      const gils = await environment.listFor('gil');
      expect(await gils.readPin(budgetId)).toEqual({ ok: true, value: undefined });
    });

    it('notes, replaces and forgets a budget', async () => {
      const list = await (await make()).listFor('dan');
      const budgetId = newBudgetId();
      const ids = async (): Promise<readonly BudgetId[]> => {
        const listed = await list.list();
        return listed.ok ? listed.value.filter((id) => id === budgetId) : [];
      };
      expect(await ids()).toEqual([]);
      for (const fill of [1, 2]) {
        expect(outcomeOf(await list.putPin(budgetId, pinOf(fill)))).toEqual('ok');
        expect(await list.readPin(budgetId)).toEqual({ ok: true, value: pinOf(fill) });
        expect(await ids()).toEqual([budgetId]);
      }
      for (let times = 0; times < 2; times++) {
        expect(outcomeOf(await list.removePin(budgetId))).toEqual('ok');
      }
      expect(await list.readPin(budgetId)).toEqual({ ok: true, value: undefined });
      expect(await ids()).toEqual([]);
    });

    it('lists more budgets than one query shows', async () => {
      const count = createOperationCounter();
      const list = await (await make()).listFor('ida', count);
      const noted = Array.from({ length: MAX_LISTED_BUDGETS + 1 }, newBudgetId);
      for (const budgetId of noted) requireOk(await list.putPin(budgetId, pinOf(1)));
      expect(await list.list()).toEqual({ ok: true, value: noted.sort() });
      expect(count.reads).toEqual(noted.length);
    });

    it('denies a note without bytes, or with too many', async () => {
      const list = await (await make()).listFor('dan');
      for (const length of [0, 1025]) {
        const put = await list.putPin(newBudgetId(), new Uint8Array(length));
        expect(outcomeOf(put)).toEqual('denied');
      }
    });

    it('keeps the bytes of the call, whatever its caller does to them later', async () => {
      const list = await (await make()).listFor('dan');
      const budgetId = newBudgetId();
      const pin = pinOf(4);
      const putting = list.putPin(budgetId, pin);
      pin.fill(0);
      requireOk(await putting);
      const read = await list.readPin(budgetId);
      if (read.ok) read.value?.fill(0);
      expect(await list.readPin(budgetId)).toEqual({ ok: true, value: pinOf(4) });
      requireOk(await list.removePin(budgetId));
    });

    it('counts what it costs', async () => {
      const count = createOperationCounter();
      const list = await (await make()).listFor('fay', count);
      const budgetId = newBudgetId();
      requireOk(await list.list());
      requireOk(await list.putPin(budgetId, pinOf(1)));
      requireOk(await list.list());
      requireOk(await list.readPin(budgetId));
      requireOk(await list.removePin(budgetId));
      expect(count).toEqual({ reads: 4, writes: 1, deletes: 1, rulesReads: 0 });
    });

    it('neither sends nor waits once its caller has given up', async () => {
      const list = await (await make()).listFor('dan');
      const budgetId = newBudgetId();
      const aborted = AbortSignal.abort();
      const outcomes = [
        await list.list(aborted),
        await list.putPin(budgetId, pinOf(1), aborted),
        await list.readPin(budgetId, aborted),
        await list.removePin(budgetId, aborted),
      ].map(outcomeOf);
      expect(outcomes).toEqual(outcomes.map(() => 'deadline'));
      expect(await list.readPin(budgetId)).toEqual({ ok: true, value: undefined });
    });
  });
}
