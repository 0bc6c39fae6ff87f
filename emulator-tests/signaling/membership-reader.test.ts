import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFirestoreMembershipReader } from '../../signaling-server/src/auth/firestore-membership-reader.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { signInPerson } from '../log/signed-in-person.js';
import type { SignedInPerson } from '../log/signed-in-person.js';
import { readEmulatorHosts } from '../setup/emulators.js';
import { writeBudget } from './budget-documents.js';

const { signal } = new AbortController();

let ann: SignedInPerson;
beforeAll(async () => {
  ann = await signInPerson();
});
afterAll(() => ann.close());

function createReader(emulatorHost?: string): ReturnType<typeof createFirestoreMembershipReader> {
  const { projectId, firestoreHost } = readEmulatorHosts();
  return createFirestoreMembershipReader({
    projectId,
    emulatorHost: emulatorHost ?? firestoreHost,
  });
}

describe('reading a membership as the user', () => {
  it.each(['owner', 'editor', 'viewer'] as const)('finds that the user is %s', async (role) => {
    const budgetId = await writeBudget({ [ann.uid]: role, other: 'owner' });
    const token = await ann.user.getIdToken();
    expect(await createReader().read({ budgetId, uid: ann.uid, token }, signal)).toEqual({
      ok: true,
      value: { role },
    });
  });

  it('finds a stranger forbidden', async () => {
    const budgetId = await writeBudget({ other: 'owner' });
    const token = await ann.user.getIdToken();
    expect(await createReader().read({ budgetId, uid: ann.uid, token }, signal)).toEqual({
      ok: false,
      error: { kind: 'forbidden' },
    });
  });

  it.each([
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'forbidden'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('takes status %d for %s', async (status, kind) => {
    const standIn = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => standIn.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      standIn.closeAllConnections();
      standIn.close();
    });
    const { port } = standIn.address() as AddressInfo;
    const query = { budgetId: 'a'.repeat(32), uid: 'ann', token: 'x' };
    expect(await createReader(`127.0.0.1:${String(port)}`).read(query, signal)).toEqual({
      ok: false,
      error: { kind },
    });
  });

  it('cannot tell when nobody answers, or when it is told to stop', async () => {
    const query = { budgetId: 'a'.repeat(32), uid: 'ann', token: 'x' };
    const unavailable = { ok: false, error: { kind: 'unavailable' } };
    expect(await createReader('127.0.0.1:1').read(query, signal)).toEqual(unavailable);
    expect(await createReader().read(query, AbortSignal.abort())).toEqual(unavailable);
  });
});
