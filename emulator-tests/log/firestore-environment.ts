import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp, type FirebaseApp } from 'firebase/app';
import { Timestamp, deleteDoc, doc, updateDoc } from 'firebase/firestore';
import { connectFirestoreEmulator, getFirestore, type Firestore } from 'firebase/firestore/lite';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import { createFirestoreBudgetList } from '../../sdk/src/remote/firestore-budget-list.js';
import { openFirestoreBudget } from '../../sdk/src/remote/open-firestore.js';
import type { RemoteEnvironment } from '../../sdk/src/testing/remote-log-contract.js';
import { openRulesEnvironment, type RulesEnvironment } from '../rules/rules-environment.js';
import { budgetRef } from '../rules/sample-log.js';
import { chunkRef, snapshotRef } from '../rules/sample-snapshots.js';
import { readEmulatorHosts, readFirestoreAddress } from '../setup/emulators.js';
import { signInPerson, type SignedInPerson } from './signed-in-person.js';

const HOUR_S = 3600;

/** The Firestore emulator under the repository's rules, as the suites of the ports use it. */
export class FirestoreEnvironment implements RemoteEnvironment {
  readonly #people = new Map<string, Promise<SignedInPerson>>();
  readonly #apps: FirebaseApp[] = [];
  readonly #rules: RulesEnvironment;

  private constructor(rules: RulesEnvironment) {
    this.#rules = rules;
  }

  static async open(): Promise<FirestoreEnvironment> {
    return new FirestoreEnvironment(await openRulesEnvironment());
  }

  uidOf: RemoteEnvironment['uidOf'] = async (name) => (await this.#personCalled(name)).uid;

  budgetFor: RemoteEnvironment['budgetFor'] = async (name, budgetId, count) => {
    const { firestore, uid } = await this.#personCalled(name);
    const options = { firestore, uid, budgetId, clock: systemClock };
    return openFirestoreBudget({ ...options, ...(count ? { count } : {}) });
  };

  staleBudgetFor: RemoteEnvironment['staleBudgetFor'] = async (name, budgetId) => {
    const { uid } = await this.#personCalled(name);
    return openFirestoreBudget({
      firestore: this.#openStale(uid),
      uid,
      budgetId,
      clock: systemClock,
    });
  };

  listFor: RemoteEnvironment['listFor'] = async (name, count) => {
    const { firestore, uid } = await this.#personCalled(name);
    const options = { firestore, uid, clock: systemClock };
    return createFirestoreBudgetList({ ...options, ...(count ? { count } : {}) });
  };

  nowMs: RemoteEnvironment['nowMs'] = () => Date.now();

  overwrite: RemoteEnvironment['overwrite'] = (budgetId, change) =>
    this.#rules.bypassRules((firestore) => updateDoc(budgetRef(firestore, budgetId), change));

  expireInvite: RemoteEnvironment['expireInvite'] = (budgetId, inviteId) =>
    this.#rules.bypassRules((firestore) =>
      updateDoc(doc(budgetRef(firestore, budgetId), 'invites', inviteId), {
        expiresAt: Timestamp.fromMillis(Date.now() - 1000),
      }),
    );

  ageSnapshot: RemoteEnvironment['ageSnapshot'] = (budgetId, id, ageMs) =>
    this.#rules.bypassRules((firestore) =>
      updateDoc(snapshotRef(firestore, budgetId, id), {
        at: Timestamp.fromMillis(Date.now() - ageMs),
      }),
    );

  loseChunk: RemoteEnvironment['loseChunk'] = (budgetId, id, at) =>
    this.#rules.bypassRules((firestore) => deleteDoc(chunkRef(firestore, budgetId, id, at)));

  async close(): Promise<void> {
    for (const person of this.#people.values()) await (await person).close();
    for (const app of this.#apps) await deleteApp(app);
    await this.#rules.close();
  }

  #personCalled(name: string): Promise<SignedInPerson> {
    const person = this.#people.get(name) ?? signInPerson();
    this.#people.set(name, person);
    return person;
  }

  /** The Auth emulator cannot date a sign-in back; the Firestore emulator takes any token. */
  #openStale(uid: string): Firestore {
    const app = initializeApp({ projectId: readEmulatorHosts().projectId }, randomUUID());
    this.#apps.push(app);
    const firestore = getFirestore(app);
    const { host, port } = readFirestoreAddress();
    const signedInAtS = Math.floor(Date.now() / 1000) - HOUR_S;
    connectFirestoreEmulator(firestore, host, port, {
      mockUserToken: { user_id: uid, auth_time: signedInAtS },
    });
    return firestore;
  }
}
