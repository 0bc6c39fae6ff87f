import type { EmulatorHosts } from '../setup/emulators.js';
import type { Account } from './sign-in.js';

/** What a process is started for that is killed in the middle of it. */
export type DoomedWork =
  | { readonly type: 'remove'; readonly budgetId: string; readonly uid: string }
  | { readonly type: 'join'; readonly link: string }
  | { readonly type: 'change_passphrase'; readonly to: string }
  | { readonly type: 'delete'; readonly budgetId: string };

export interface DoomedTask {
  /** With the proxy that stalls in Firestore's place. */
  readonly hosts: EmulatorHosts;
  readonly account: Account;
  readonly passphrase: string;
  readonly work: DoomedWork;
}
