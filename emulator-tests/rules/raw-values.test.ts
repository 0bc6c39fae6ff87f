import { beforeEach, describe, expect, it } from 'vitest';
import { readEmulatorHosts } from '../setup/emulators.js';
import { commitGenesis, frameAt, newBudget, newEntry, newId, prevAt } from './sample-log.js';
import { useRules } from './use-rules.js';

/**
 * Values that the client libraries never send, but a forged request can: doubles that
 * equal an integer, and integers of 64 bits.
 */
const rules = useRules();
let budgetId: string;

beforeEach(async () => {
  budgetId = newId();
  await commitGenesis(rules.as('ann'), budgetId, newBudget('ann'), newEntry(budgetId, 'ann', 1));
});

type RawFields = Record<string, Record<string, unknown>>;

const rawEntry = (): RawFields => ({
  seq: { integerValue: '2' },
  epoch: { integerValue: '1' },
  author: { stringValue: 'ann' },
  t: { integerValue: String(Date.now()) },
  prev: { bytesValue: prevAt(budgetId, 2).toBase64() },
  frame: { bytesValue: frameAt(budgetId, 2).toBase64() },
});

const rawBudget: RawFields = {
  members: { mapValue: { fields: { ann: { stringValue: 'owner' } } } },
  epoch: { integerValue: '1' },
  floor: { integerValue: '0' },
  base: { stringValue: '' },
  v: { integerValue: '1' },
  rekey: { booleanValue: false },
  deleted: { booleanValue: false },
  invite: { stringValue: '' },
  tombstone: { bytesValue: '' },
};

interface RawWrite {
  readonly path: string;
  readonly fields: RawFields;
  /** Whether the server fills in `at`. */
  readonly stamped: boolean;
}

async function commitRaw(writes: readonly RawWrite[]): Promise<number> {
  const { firestoreHost, projectId } = readEmulatorHosts();
  const documents = `projects/${projectId}/databases/(default)/documents`;
  const response = await fetch(`http://${firestoreHost}/v1/${documents}:commit`, {
    method: 'POST',
    headers: { authorization: `Bearer ${unsignedToken('ann')}` },
    body: JSON.stringify({
      writes: writes.map(({ path, fields, stamped }) => ({
        update: { name: `${documents}/${path}`, fields },
        ...(stamped
          ? { updateTransforms: [{ fieldPath: 'at', setToServerValue: 'REQUEST_TIME' }] }
          : {}),
      })),
    }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** What the emulator takes for a session: a token without a signature. */
function unsignedToken(uid: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ sub: uid, user_id: uid })}.`;
}

const append = (change: RawFields): Promise<number> =>
  commitRaw([
    { path: `budgets/${budgetId}/changes/2`, fields: { ...rawEntry(), ...change }, stamped: true },
  ]);

function create(change: RawFields): Promise<number> {
  const id = newId();
  const first = {
    ...rawEntry(),
    seq: { integerValue: '1' },
    prev: { bytesValue: zeros },
    frame: { bytesValue: frameAt(id, 1).toBase64() },
  };
  return commitRaw([
    { path: `budgets/${id}`, fields: { ...rawBudget, ...change }, stamped: false },
    { path: `budgets/${id}/changes/1`, fields: first, stamped: true },
  ]);
}

const zeros = Buffer.alloc(32).toString('base64');
const MIN_INT64 = -(2n ** 63n);

describe('a forged request', () => {
  it('is taken where its values are those of the client libraries', async () => {
    expect(await append({})).toBe(200);
    expect(await create({})).toBe(200);
  });

  it.each<[string, RawFields]>([
    ['seq', { seq: { doubleValue: 2 } }],
    ['epoch', { epoch: { doubleValue: 1 } }],
    ['t', { t: { doubleValue: Date.now() } }],
  ])('cannot append with a double for %s', async (_field, change) => {
    expect(await append(change)).toBe(403);
  });

  it.each<[string, RawFields]>([
    ['epoch', { epoch: { doubleValue: 1 } }],
    ['floor', { floor: { doubleValue: 0 } }],
    ['v', { v: { doubleValue: 1 } }],
  ])('cannot create a budget with a double for %s', async (_field, change) => {
    expect(await create(change)).toBe(403);
  });

  it('cannot overflow the time window', async () => {
    const nowMs = BigInt(Date.now());
    for (const t of [MIN_INT64, MIN_INT64 + nowMs, MIN_INT64 + nowMs + 5n, -MIN_INT64 - 1n]) {
      expect(await append({ t: { integerValue: String(t) } })).toBe(403);
    }
  });

  it('cannot publish keys under a version that is a double', async () => {
    const keys = { sign: { bytesValue: zeros }, box: { bytesValue: zeros } };
    const publish = (v: Record<string, unknown>): Promise<number> =>
      commitRaw([{ path: 'users/ann', fields: { ...keys, v }, stamped: false }]);
    expect(await publish({ integerValue: '1' })).toBe(200);
    expect(await publish({ doubleValue: 1 })).toBe(403);
  });
});
