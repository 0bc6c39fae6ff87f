/** One device in a process of its own; the task comes as JSON, and with its end `done`. */
import { createSync, openKeyslots } from '@sealsync/sdk';
import type { DoomedTask } from './doomed-task.js';
import { signIn } from './sign-in.js';

const { hosts, account, passphrase, work } = JSON.parse(process.argv[2] ?? '') as DoomedTask;
const { app: firebase, user, close } = await signIn(hosts, account);
const keyslots = await openKeyslots({ firebase, user });
if (work.type === 'change_passphrase') {
  await keyslots.changePassphrase({ from: passphrase, to: work.to });
} else {
  const identity = await keyslots.unlock({ passphrase });
  const sync = await createSync({ firebase, user, identity });
  if (work.type === 'join') {
    await sync.acceptInvite(work.link);
  } else {
    const { people } = await sync.openBudget(work.budgetId);
    await (work.type === 'remove' ? people.removeMember(work.uid) : people.deleteBudget());
  }
  await sync.close();
}
await keyslots.close();
await close();
process.stdout.write('done\n');
