import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../sdk/src/local/system-clock.js';
import { createOperationCounter } from '../../sdk/src/ports/operation-counter.js';
import type { LogEntry, RemoteLog } from '../../sdk/src/ports/remote-log.js';
import { createFirestoreBudgetList } from '../../sdk/src/remote/firestore-budget-list.js';
import { createFirestoreKeyslots } from '../../sdk/src/remote/firestore-keyslots.js';
import { createFirestoreUsers } from '../../sdk/src/remote/firestore-users.js';
import { openFirestoreBudget } from '../../sdk/src/remote/open-firestore.js';
import { createFirestoreLog } from '../../sdk/src/remote/firestore-log.js';
import {
  makeNewBudget,
  makeWrap,
  newBudgetId,
  outcomeOf,
} from '../../sdk/src/testing/remote-log-fixture.js';
import { makeSnapshot } from '../../sdk/src/testing/snapshot-storage-fixture.js';
import { VirtualClock } from '../../sdk/src/testing/virtual-clock.js';
import { openFailingFirestore, type FailingFirestore } from './failing-firestore.js';
import { signInPerson, type PersonOptions, type SignedInPerson } from './signed-in-person.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const resource of open.splice(0).reverse()) await resource.close();
});

async function signIn(options?: PersonOptions): Promise<SignedInPerson> {
  const person = await signInPerson(options);
  open.push(person);
  return person;
}

async function failWith(answer: RequestListener): Promise<FailingFirestore['address']> {
  const server = await openFailingFirestore(answer);
  open.push(server);
  return server.address;
}

const genesisBy = (author: string, frame = new Uint8Array(300)): LogEntry => ({
  seq: 1,
  epoch: 1,
  author,
  t: Date.now(),
  prev: new Uint8Array(32),
  frame,
});

const logOf = (person: SignedInPerson): RemoteLog =>
  createFirestoreLog({ ...person, budgetId: newBudgetId(), clock: systemClock });

async function logAt(address: FailingFirestore['address']): Promise<RemoteLog> {
  return logOf(await signIn({ firestore: address }));
}

describe('a refused commit', () => {
  it('leaves nothing of its payload on the console or in its error', async () => {
    const printed: unknown[] = [];
    for (const method of ['debug', 'log', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...words) => void printed.push(...words));
    }
    const canary = new TextEncoder().encode('canary-of-a-refused-commit'.repeat(20));
    const log = logOf(await signIn());
    const refused = await log.append([{ ...genesisBy('somebody-else', canary), seq: 2 }]);
    expect(refused).toEqual({
      ok: false,
      error: {
        kind: 'denied',
        message: 'Appending to the log was refused by the security rules (permission-denied)',
      },
    });
    expect(printed).toEqual([]);
  });
});

describe('a Firestore that does not answer as it should', () => {
  it.each([
    [401, 'unauthenticated'],
    [403, 'denied'],
    [409, 'deadline'],
    [429, 'quota'],
    [500, 'failed'],
    [503, 'offline'],
    [504, 'deadline'],
  ])('turns HTTP %i into %s', async (status, kind) => {
    const log = await logAt(
      await failWith((_request, response) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{}}');
      }),
    );
    expect(outcomeOf(await log.create(genesisBy('ann'), makeNewBudget('ann')))).toBe(kind);
    expect(outcomeOf(await log.read({ after: 0, limit: 1 }))).toBe(kind);
    expect(outcomeOf(await log.readBudget())).toBe(kind);
    expect(outcomeOf(await log.serverTime())).toBe(kind);
  });

  it.each([
    [401, 'unauthenticated'],
    [403, 'denied'],
    [429, 'quota'],
    [503, 'offline'],
  ])('turns HTTP %i into %s wherever it reads or writes', async (status, kind) => {
    const address = await failWith((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{}}');
    });
    const person = await signIn({ firestore: address });
    const options = { ...person, budgetId: newBudgetId(), clock: systemClock };
    const { log, wraps, invites, exits, snapshots } = openFirestoreBudget(options);
    const list = createFirestoreBudgetList(options);
    const some = new Uint8Array(9);
    const outcomes = [
      await log.readHead(),
      await log.readEpochStart(1),
      await wraps.read(new Uint8Array(32), 'bob'),
      await wraps.list(new Uint8Array(32)),
      await wraps.put([makeWrap('bob')]),
      await invites.read('ab'),
      await invites.listUsedBy('bob'),
      await invites.revoke('ab'),
      await exits.readDeparture('bob'),
      await exits.leave(some),
      await exits.markDeleted(some),
      await exits.purge(),
      await snapshots.list(2),
      await snapshots.readChunks({ id: 'x', chunks: 6 }),
      await snapshots.put(makeSnapshot(options.budgetId, 1)),
      await snapshots.remove({ id: 'x', chunks: 1 }),
      await snapshots.raiseFloor(1, 'x'),
      await snapshots.prune(1, 1),
      await list.list(),
      await list.readPin(options.budgetId),
      await list.putPin(options.budgetId, some),
      await list.removePin(options.budgetId),
    ].map(outcomeOf);
    expect(outcomes).toEqual(outcomes.map(() => kind));
  });

  it('fails, and throws nothing, where a name fits into no path', async () => {
    const person = await signIn();
    const options = { ...person, budgetId: newBudgetId(), clock: systemClock };
    const { wraps, invites, exits } = openFirestoreBudget(options);
    const outcomes = [
      await wraps.read(new Uint8Array(32), 'a/b'),
      await wraps.put([makeWrap('a/b')]),
      await invites.read('a/b'),
      await invites.revoke(''),
      await exits.readDeparture('a/b'),
      await exits.readDeparture(''),
    ].map(outcomeOf);
    expect(outcomes).toEqual(outcomes.map(() => 'failed'));
  });

  it.each<[string, RequestListener]>([
    ['half an answer', (_request, response) => void response.writeHead(200).end('[{"docum')],
    ['a page of HTML', (_request, response) => void response.writeHead(502).end('<html></html>')],
    ['an empty list', (_request, response) => void response.writeHead(200).end('[]')],
    [
      'an error behind a good status',
      (_request, response) => void response.writeHead(200).end('[{"error":{"code":13}}]'),
    ],
  ])('never takes %s for an empty budget', async (_what, answer) => {
    const log = await logAt(await failWith(answer));
    expect(outcomeOf(await log.read({ after: 0, limit: 1 }))).toBe('failed');
    expect(outcomeOf(await log.readBudget())).toBe('failed');
  });

  it.each<[string, RequestListener]>([
    ['half an answer', (_request, response) => void response.writeHead(200).end('[{"docum')],
    ['an empty list', (_request, response) => void response.writeHead(200).end('[]')],
    [
      'an error behind a good status',
      (_request, response) => void response.writeHead(200).end('[{"error":{"code":13}}]'),
    ],
  ])('never takes %s for the lack of what it asked for', async (_what, answer) => {
    const person = await signIn({ firestore: await failWith(answer) });
    const options = { ...person, budgetId: newBudgetId(), clock: systemClock };
    const { log, wraps, invites, exits } = openFirestoreBudget(options);
    const outcomes = [
      await log.readHead(),
      await wraps.read(new Uint8Array(32), 'bob'),
      await wraps.list(new Uint8Array(32)),
      await invites.read('ab'),
      await invites.listUsedBy('bob'),
      await exits.readDeparture('bob'),
      await createFirestoreBudgetList(options).list(),
      await createFirestoreBudgetList(options).readPin(options.budgetId),
      await createFirestoreUsers(options).readKeys('bob'),
      await createFirestoreKeyslots(options).list(),
    ].map(outcomeOf);
    expect(outcomes).toEqual(outcomes.map(() => 'failed'));
  });

  it('is offline where nobody listens or the connection is cut', async () => {
    const gone = await openFailingFirestore(() => undefined);
    await gone.close();
    const unreachable = await logAt(gone.address);
    expect(outcomeOf(await unreachable.read({ after: 0, limit: 1 }))).toBe('offline');
    const cut = await logAt(await failWith((request) => void request.socket.destroy()));
    expect(outcomeOf(await cut.create(genesisBy('ann'), makeNewBudget('ann')))).toBe('offline');
  });

  it('is given up at the deadline, and leaves no timer behind', async () => {
    const firestore = await failWith(() => undefined);
    const person = await signIn({ firestore });
    const clock = new VirtualClock();
    const log = createFirestoreLog({ ...person, budgetId: newBudgetId(), clock });
    const reading = log.read({ after: 0, limit: 1 });
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(30_000);
    expect(outcomeOf(await reading)).toBe('deadline');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is given up at once when the caller gives up, whose attempt still counts', async () => {
    const firestore = await failWith(() => undefined);
    const person = await signIn({ firestore });
    const clock = new VirtualClock();
    const count = createOperationCounter();
    const log = createFirestoreLog({ ...person, budgetId: newBudgetId(), clock, count });
    const patience = new AbortController();
    const creating = log.create(genesisBy(person.uid), makeNewBudget(person.uid), patience.signal);
    patience.abort();
    expect(outcomeOf(await creating)).toBe('deadline');
    expect(clock.pendingTimers).toBe(0);
    expect(count).toEqual({ reads: 0, writes: 4, deletes: 0, rulesReads: 4 });
  });
});
