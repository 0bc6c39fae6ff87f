import { createSync, type BudgetSecurityEvent } from '@sealsync/sdk';
import { describe, expect, it } from 'vitest';
import { failureOf, foundBudget, useStage } from './stage.js';

/*
 * A user's own note of a budget tells it from one that is planted under the same id. No budget
 * is handed out where it does not open, so what was found has to be heard without one.
 */

const stage = useStage();

describe('a note that the project has altered', () => {
  it('stops a device that has kept nothing, which says so, and stays as it is', async () => {
    const { cy, project } = stage;
    const { budget } = await foundBudget(stage, cy);
    await cy.open(budget.id);
    const altered = { v: 1, pin: Buffer.alloc(80, 7) };
    const note = project.firestore.doc(`users/${cy.uid}/budgets/${budget.id}`);
    await note.set(altered);

    const heard: BudgetSecurityEvent[] = [];
    const { app: firebase, user } = cy.session;
    const sync = await createSync({
      firebase,
      user,
      identity: cy.identity,
      onSecurity: (event) => heard.push(event),
    });
    expect(await failureOf(sync.openBudget(budget.id))).toBe('not_genuine');
    await sync.close();
    expect(heard).toMatchObject([{ kind: 'pin_not_genuine', budgetId: budget.id }]);
    expect((await note.get()).data()).toEqual(altered);
  });
});
