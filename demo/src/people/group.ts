import type { Part } from './cast-people.js';
import type { PersonProcess } from './person-process.js';

/** One of the people, in their process. */
export interface Player extends Part {
  readonly process: PersonProcess;
}

/** One who is signed in. */
export interface Person extends Player {
  readonly uid: string;
}

/** All who share the budget; Ana owns it, and Ben edits along. */
export interface Group {
  readonly budgetId: string;
  readonly ana: Person;
  readonly ben: Person;
  /** Those two, and whoever else came in, in the order in which they did. */
  readonly everybody: readonly Person[];
}

/** `Ana`, `Ana and Ben`, `Ana, Ben and Cleo`. */
export function listNames(people: readonly Pick<Part, 'name'>[]): string {
  const names = people.map(({ name }) => name);
  const last = names.pop() ?? 'nobody';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/** Does something with everybody at once; tells how many are through. */
export function withEach<P, T>(
  people: readonly P[],
  work: (person: P) => Promise<T>,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<T[]> {
  let done = 0;
  return Promise.all(
    people.map(async (person) => {
      const worked = await work(person);
      done += 1;
      onProgress(done, people.length);
      return worked;
    }),
  );
}
