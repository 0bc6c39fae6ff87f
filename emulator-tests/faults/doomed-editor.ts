/**
 * One device in a process of its own that edits until it is killed. It tells of every edit, by
 * one line before it is made and by one once the kit has promised that it is kept.
 */
import { createSync } from '@sealsync/sdk';
import { createNodeStore } from '@sealsync/sdk/node';
import { loadSodium } from '../../sdk/src/crypto/sodium.js';
import { generateIdentity } from '../../sdk/src/crypto/identity.js';
import { createSeededRandom } from '../../sdk/src/testing/seeded-random.js';
import { signIn, type Account } from '../people/sign-in.js';
import type { EmulatorHosts } from '../setup/emulators.js';

export interface EditorTask {
  readonly hosts: EmulatorHosts;
  readonly account: Account;
  /** From which every process makes the same identity. */
  readonly identitySeed: number;
  readonly budgetId: string;
  /** Where this device keeps what it has. */
  readonly directory: string;
  /** In front of the names of this process's edits. */
  readonly name: string;
}

export interface Shapes {
  sums: { amount: number };
  edits: { amount: number; note: string };
}

// The kit's timers keep no process alive, also while it waits to try again.
setInterval(() => undefined, 60_000);
const { hosts, account, identitySeed, budgetId, directory, name } = JSON.parse(
  process.argv[2] ?? '',
) as EditorTask;
const { app: firebase, user } = await signIn(hosts, account);
await loadSodium();
const sync = await createSync({
  firebase,
  user,
  identity: generateIdentity(user.uid, createSeededRandom(identitySeed)),
  openStore: () => createNodeStore(directory),
});
const budget = await sync.openBudget<Shapes>(budgetId);
for (let n = 1; ; n += 1) {
  const id = `${name}-${String(n)}`;
  process.stdout.write(`try ${id}\n`);
  await budget.transact((tx) => {
    tx.collection('sums').increment('all', 'amount', n);
    tx.collection('edits').put(id, { amount: n, note: 'canary-of-a-household' });
  });
  process.stdout.write(`ack ${id}\n`);
}
