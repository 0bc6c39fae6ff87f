import { compareBudgets } from './compare-budgets.js';
import type { BankRow } from './csv/bank-row.js';
import type { PlannedEdit } from './edits/planned-edit.js';
import { judgeRemoval, type RemovalVerdict, type Sight } from './judge-removal.js';
import { listNames, withEach, type Group, type Person } from './people/group.js';
import type { Progress } from './report/progress.js';
import type { Services } from './start-services.js';

/** The row whose note Ana changes after the removal. */
const ROW = 0;

/** Ana removes whoever came in last, and goes on; then all that a removal promises is tried. */
export async function removeLast(
  { budgetId, ana, ben, everybody }: Group,
  { forceIntoMembers }: Services,
  { rows, edits }: { readonly rows: readonly BankRow[]; readonly edits: readonly PlannedEdit[] },
  progress: Progress,
): Promise<RemovalVerdict> {
  const staying = everybody.slice(0, -1);
  const gone = everybody.at(-1) ?? ana;
  const { name, role, uid } = gone;
  progress.begin(`Ana removes ${name}, which gives those who stay a new key`);
  const before = await see(gone);
  await ana.process.ask('removeMember', { uid });
  const end = await gone.process.ask('whenRemoved', {});

  progress.begin(`Ana edits once more, for ${listNames(staying.slice(1))} to see`);
  const laterMemo = `Written without ${name}`;
  await ana.process.ask('editNote', { row: ROW, memo: laterMemo });
  const others = await compareBudgets(staying, rows, edits);
  const notes = await withEach(staying, ({ process }) => process.ask('readNote', { row: ROW }));

  progress.begin(`${name} tries to read that, at last with the rules set aside by force`);
  const asked = await gone.process.ask('readEntry', { seq: others.seq });
  const after = await see(gone);
  // What fails for the one has to work for another, or its failing would show nothing.
  const reopened = await ben.process.ask('openAgain', {});
  await forceIntoMembers({ budgetId, uid, role });
  const forced = await gone.process.ask('readEntry', { seq: others.seq });
  const opened = await gone.process.ask('openAgain', {});
  return judgeRemoval({
    gone,
    removerUid: ana.uid,
    end,
    before,
    after,
    answer: asked.answer,
    forcedAnswer: forced.answer,
    forcedFailure: opened.failure,
    stayingFailure: reopened.failure,
    laterMemo,
    othersMemos: notes.map(({ memo }) => memo),
    othersDifferences: others.differences,
  });
}

async function see({ process }: Person): Promise<Sight> {
  const view = await process.ask('look', {});
  return { view, ...(await process.ask('readNote', { row: ROW })) };
}
