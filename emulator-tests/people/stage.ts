import { isSealsyncError } from '@sealsync/sdk';
import { afterAll, beforeAll } from 'vitest';
import { addTo, startPerson, type OpenDevice, type Person } from './person.js';
import { openProject, type Project } from './project.js';

/** Whom the tests of one file share; every test makes a budget of its own. */
export interface Stage {
  readonly ann: Person;
  readonly ben: Person;
  readonly cy: Person;
  /** Nobody lets her in. */
  readonly eve: Person;
  readonly project: Project;
}

/** Sets the stage before the tests of a file, and clears it after them. */
export function useStage(): Stage {
  const stage: { current?: Stage } = {};
  beforeAll(async () => {
    const project = openProject();
    const ann = await startPerson();
    const [ben, cy, eve] = [await startPerson(), await startPerson(), await startPerson()];
    stage.current = { ann, ben, cy, eve, project };
  });
  afterAll(async () => {
    const { project, ...people } = present(stage.current);
    for (const person of Object.values(people)) await person.close();
    await project.close();
  });
  return {
    get ann() {
      return present(stage.current).ann;
    },
    get ben() {
      return present(stage.current).ben;
    },
    get cy() {
      return present(stage.current).cy;
    },
    get eve() {
      return present(stage.current).eve;
    },
    get project() {
      return present(stage.current).project;
    },
  };
}

function present(stage: Stage | undefined): Stage {
  if (!stage) throw new Error('the stage is set before the first test');
  return stage;
}

/** A budget of Ann's with one record, and with the editors that she has added. */
export async function foundBudget(
  { ann }: Stage,
  ...editors: readonly Person[]
): Promise<OpenDevice> {
  const founder = await ann.create();
  for (const editor of editors) await addTo(founder, editor, 'editor');
  await put(founder, 'food', 100);
  return founder;
}

/** Puts a record, and waits until the log holds it. */
export async function put({ budget }: OpenDevice, id: string, limit: number): Promise<void> {
  await budget.collection('envelopes').put(id, { limit });
  await budget.sync.syncNow();
}

export const limitOf = ({ budget }: OpenDevice, id: string): number | undefined =>
  budget.collection('envelopes').get(id)?.limit;

/** The people's side of a budget looks at its people when it is opened. */
export async function lookAgain(
  person: Person,
  { budget }: Pick<OpenDevice, 'budget'>,
): Promise<OpenDevice> {
  return person.open(budget.id);
}

export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return isSealsyncError(error) ? error.kind : String(error);
  }
  return 'none';
}
