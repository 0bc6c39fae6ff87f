import { createMemoryStore, createSync, generateIdentity } from '@sealsync/sdk';
import { expect, it } from 'vitest';
import { signInPerson } from '../log/signed-in-person.js';

interface Shapes {
  notes: { text: string };
}

it('a budget is open once at a time: two would number their edits alike and spoil the store', async () => {
  const { app: firebase, user, close } = await signInPerson();
  const identity = await generateIdentity(user.uid);
  const contents = new Map<string, Uint8Array>();
  const openStore = () => createMemoryStore(contents);
  const sync = await createSync({ firebase, user, identity, openStore });
  const { id, ...created } = await sync.createBudget<Shapes>().then((budget) => ({
    id: budget.id,
    budget,
  }));
  const twice = { kind: 'bad_input' };
  await expect(sync.openBudget(id)).rejects.toMatchObject(twice);
  await created.budget.close();

  const [first, second] = await Promise.allSettled([
    sync.openBudget<Shapes>(id),
    sync.openBudget<Shapes>(id),
  ]);
  expect(second).toMatchObject({ status: 'rejected', reason: twice });
  if (first.status === 'rejected') throw first.reason;
  await first.value.collection('notes').put('a', { text: 'kept' });
  await first.value.close();
  const again = await sync.openBudget<Shapes>(id);
  expect(again.collection('notes').get('a')).toEqual({ text: 'kept' });
  await sync.close();
  await close();
});
