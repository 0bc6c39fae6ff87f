import {
  initializeTestEnvironment,
  type RulesTestContext,
  type RulesTestEnvironment,
} from '@firebase/rules-unit-testing';
import { setLogLevel, type Firestore } from 'firebase/firestore';
import { readEmulatorHosts, readFirestoreAddress } from '../setup/emulators.js';

/** The emulator's rules as they stand, seen by whoever a test needs. */
export interface RulesEnvironment {
  /** Firestore as somebody who signed in with a password, and not lately. */
  as(uid: string): Firestore;
  /** Firestore as somebody who signed in that long ago. */
  asSignedIn(uid: string, agoMs?: number): Firestore;
  asAnonymousUser(uid: string): Firestore;
  asNobody(): Firestore;
  /** Runs `write` past all rules, as the project's own administrators could. */
  bypassRules(write: (firestore: Firestore) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function openRulesEnvironment(): Promise<RulesEnvironment> {
  const environment = await initializeTestEnvironment({
    projectId: readEmulatorHosts().projectId,
    firestore: readFirestoreAddress(),
  });
  return wrapTestEnvironment(environment);
}

export function wrapTestEnvironment(environment: RulesTestEnvironment): RulesEnvironment {
  // Every denial that a test expects would be printed with its payload.
  setLogLevel('silent');
  return {
    as: (uid) => firestoreOf(environment.authenticatedContext(uid, { auth_time: 1 })),
    asSignedIn: (uid, agoMs = 0) =>
      firestoreOf(
        environment.authenticatedContext(uid, {
          auth_time: Math.floor((Date.now() - agoMs) / 1000),
        }),
      ),
    asAnonymousUser: (uid) =>
      firestoreOf(
        environment.authenticatedContext(uid, { firebase: { sign_in_provider: 'anonymous' } }),
      ),
    asNobody: () => firestoreOf(environment.unauthenticatedContext()),
    bypassRules: (write) =>
      environment.withSecurityRulesDisabled((context) => write(firestoreOf(context))),
    close: () => environment.cleanup(),
  };
}

// The library's types name the older API's class; the modular functions take it as well.
const firestoreOf = (context: RulesTestContext): Firestore =>
  context.firestore() as unknown as Firestore;
