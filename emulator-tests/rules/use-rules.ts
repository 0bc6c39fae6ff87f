import { setDoc, updateDoc, type Firestore } from 'firebase/firestore';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { openRulesEnvironment, type RulesEnvironment } from './rules-environment.js';
import { budgetRef, newBudget, newId, type Document } from './sample-log.js';

/** The rules, opened before a file's tests and closed after them. */
export function useRules(): RulesEnvironment {
  let environment: RulesEnvironment | undefined;
  const opened = (): RulesEnvironment => {
    if (!environment) throw new Error('The rules are open in tests only.');
    return environment;
  };
  beforeAll(async () => {
    environment = await openRulesEnvironment();
  });
  afterAll(() => environment?.close());
  return {
    as: (uid) => opened().as(uid),
    asSignedIn: (uid, agoMs) => opened().asSignedIn(uid, agoMs),
    asAnonymousUser: (uid) => opened().asAnonymousUser(uid),
    asNobody: () => opened().asNobody(),
    bypassRules: (write) => opened().bypassRules(write),
    close: () => opened().close(),
  };
}

/** A uid with a dot must not be read as a path into the map. */
export const MEMBERS = { ann: 'owner', eve: 'editor', 'e.d': 'editor', vic: 'viewer' } as const;

/** A budget of {@link MEMBERS}, another one in every test. */
export interface StoredBudget {
  id(): string;
  /** Changes it past all rules. */
  overwrite(change: Document): Promise<void>;
  /** Changes it as the rules let whoever `firestore` belongs to. */
  update(firestore: Firestore, change: Document): Promise<void>;
}

export function useBudget(rules: RulesEnvironment): StoredBudget {
  let id = '';
  const update = (firestore: Firestore, change: Document): Promise<void> =>
    updateDoc(budgetRef(firestore, id), change);
  beforeEach(() => {
    id = newId();
    return rules.bypassRules((firestore) =>
      setDoc(budgetRef(firestore, id), { ...newBudget('ann'), members: MEMBERS }),
    );
  });
  return {
    id: () => id,
    update,
    overwrite: (change) => rules.bypassRules((firestore) => update(firestore, change)),
  };
}
