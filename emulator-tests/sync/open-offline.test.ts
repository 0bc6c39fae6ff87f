import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import { createMemoryStore, createSync, generateIdentity, type LocalStore } from '@sealsync/sdk';
import { expect, it } from 'vitest';
import { signInPerson } from '../log/signed-in-person.js';

interface Household {
  envelopes: { limit: number };
}

/** A port where nobody answers. */
async function findDeadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('a budget opens without a network, shows all it had, and brings edits along later', async () => {
  const person = await signInPerson();
  const { user } = person;
  const identity = await generateIdentity(user.uid);
  const disk = new Map<string, Uint8Array>();
  const openStore = (): LocalStore => createMemoryStore(disk);
  const first = await createSync({ firebase: person.app, user, identity, openStore });
  const { id, ...budget } = await first.createBudget<Household>().then(async (created) => {
    await created.collection('envelopes').put('food', { limit: 1 });
    await created.sync.syncNow();
    return { id: created.id, verified: created.verifiedState() };
  });
  await first.close();

  const away = initializeApp({ projectId: 'demo-away', apiKey: 'demo' }, randomUUID());
  connectFirestoreEmulator(getFirestore(away), '127.0.0.1', await findDeadPort());
  const offline = await createSync({ firebase: away, user, identity, openStore });
  const opened = await offline.openBudget<Household>(id);
  expect(opened.verifiedState()).toEqual(budget.verified);
  expect([...opened.people.members().keys()]).toEqual([user.uid]);
  await opened.collection('envelopes').put('rent', { limit: 2 });
  await offline.close();
  await deleteApp(away);

  const back = await createSync({ firebase: person.app, user, identity, openStore });
  const again = await back.openBudget<Household>(id);
  expect(again.collection('envelopes').list()).toHaveLength(2);
  expect(again.pendingEdits).toBe(0);
  await back.close();
  await person.close();
});
