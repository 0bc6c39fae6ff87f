import { createOperationCounter } from '../ports/operation-counter.js';
import type { RemoteError } from '../ports/remote-log.js';
import { MAX_LISTED_WRAPS, type StoredWrap } from '../ports/wrapped-keys.js';
import type { Result } from '../result.js';
import type { TestFunctions } from './local-store-contract.js';
import {
  createSuite,
  makeWrap,
  outcomeOf,
  requireOk,
  type MakeEnvironment,
  type Suite,
} from './remote-log-fixture.js';

const INVITE = `invite:${'ab'.repeat(16)}`;

/** What any `WrappedKeys` must do, like `describeRemoteLog`. */
export function describeWrappedKeys(
  functions: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  const suite = createSuite(functions, make);
  suite.describe(`WrappedKeys: ${name}`, () => {
    describeStoring(suite);
    describeAccess(suite);
  });
}

/** That of `makeWrap` with the same `fill`. */
const kidOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

const recipientsOf = (listed: Result<readonly StoredWrap[], RemoteError>): unknown =>
  listed.ok ? listed.value.map(({ recipient }) => recipient).sort() : listed.error.kind;

function describeStoring({ onBudget, expect }: Suite): void {
  onBudget('has the creator’s key from the start', async ({ anns, annUid, created }) => {
    const { kid, wrap } = created.wrap;
    expect(await anns.wraps.read(kid, annUid)).toEqual({ ok: true, value: wrap });
    expect(await anns.wraps.list(kidOf(1))).toEqual({ ok: true, value: [created.wrap] });
  });

  onBudget('has nothing for another key or another recipient', async (budget) => {
    const { kid } = budget.created.wrap;
    const { wraps } = budget.anns;
    const nothing = { ok: true, value: undefined };
    expect(await wraps.read(kid, 'somebody')).toEqual(nothing);
    expect(await wraps.read(new Uint8Array(32), budget.annUid)).toEqual(nothing);
  });

  onBudget('stores wraps for members and invites, and lists them by key', async (budget) => {
    const { wraps } = budget.anns;
    const stored = [makeWrap('bob', 2, 2), makeWrap(INVITE, 2, 2)];
    requireOk(await wraps.put([...stored, makeWrap('bob')]));
    expect(await wraps.read(makeWrap('', 2).kid, INVITE)).toEqual({
      ok: true,
      value: stored[1]?.wrap,
    });
    const listed = await wraps.list(kidOf(2));
    const byRecipient = (a: StoredWrap, b: StoredWrap): number =>
      a.recipient < b.recipient ? -1 : 1;
    expect(listed.ok && [...listed.value].sort(byRecipient)).toEqual(stored);
    expect(recipientsOf(await wraps.list(kidOf(1)))).toEqual([budget.annUid, 'bob'].sort());
    expect(recipientsOf(await wraps.list(kidOf(3)))).toEqual([]);
  });

  onBudget('lists those of one key, however many others are there', async (budget) => {
    const { wraps } = budget.anns;
    const others = Array.from({ length: MAX_LISTED_WRAPS + 20 }, (_, index) => {
      const kid = kidOf(0);
      kid[1] = index;
      return { ...makeWrap('vic'), kid };
    });
    const last = { ...makeWrap('vic'), kid: kidOf(0xff) };
    requireOk(await wraps.put([...others, last, makeWrap('bob')]));
    expect(recipientsOf(await wraps.list(kidOf(1)))).toEqual([budget.annUid, 'bob'].sort());
    expect(await wraps.list(last.kid)).toEqual({ ok: true, value: [last] });
    const [first] = others;
    expect(first && (await wraps.list(first.kid))).toEqual({ ok: true, value: [first] });
  });

  onBudget('stores more than one commit holds, and that again', async (budget) => {
    const { wraps } = budget.anns;
    const names = Array.from({ length: 25 }, (_, index) => `guest-${String(index + 10)}`);
    const stored = names.map((recipient) => makeWrap(recipient, 2, 2));
    expect(outcomeOf(await wraps.put(stored))).toEqual('ok');
    expect(outcomeOf(await wraps.put(stored))).toEqual('ok');
    expect(outcomeOf(await wraps.put([]))).toEqual('ok');
    expect(recipientsOf(await wraps.list(kidOf(2)))).toEqual(names);
  });

  onBudget('replaces what lies there', async (budget) => {
    const { wraps } = budget.anns;
    const later = { ...makeWrap('bob'), wrap: new Uint8Array(90).fill(9) };
    requireOk(await wraps.put([makeWrap('bob')]));
    requireOk(await wraps.put([later]));
    expect(await wraps.read(later.kid, 'bob')).toEqual({ ok: true, value: later.wrap });
  });

  onBudget(
    'keeps the bytes of the call, whatever its caller does to them later',
    async (budget) => {
      const wrap = makeWrap('bob', 4);
      const putting = budget.anns.wraps.put([wrap]);
      wrap.wrap.fill(0);
      wrap.kid.fill(0);
      requireOk(await putting);
      const { kid, wrap: genuine } = makeWrap('bob', 4);
      const read = await budget.anns.wraps.read(kid, 'bob');
      expect(read).toEqual({ ok: true, value: genuine });
      if (read.ok) read.value?.fill(0);
      expect(await budget.anns.wraps.read(kid, 'bob')).toEqual({ ok: true, value: genuine });
    },
  );

  const misshapen: readonly (readonly [string, Partial<StoredWrap>])[] = [
    ['an empty wrap', { wrap: new Uint8Array() }],
    ['a wrap too large', { wrap: new Uint8Array(1025) }],
    ['a commitment of another length', { kid: new Uint8Array(31) }],
    ['no epoch', { epoch: 0 }],
    ['an epoch that is none', { epoch: 1.5 }],
    ['nobody', { recipient: '' }],
    ['a recipient too long', { recipient: 'x'.repeat(129) }],
  ];
  for (const [what, change] of misshapen) {
    onBudget(`denies ${what}, and all that comes along`, async (budget) => {
      const put = await budget.anns.wraps.put([makeWrap('bob'), { ...makeWrap('cyd'), ...change }]);
      expect(outcomeOf(put)).toEqual('denied');
      expect(recipientsOf(await budget.anns.wraps.list(kidOf(1)))).toEqual([budget.annUid]);
    });
  }

  onBudget('counts every wrap, and the budget that the rules look at', async (budget) => {
    const { environment, budgetId, annUid, created } = budget;
    const count = createOperationCounter();
    const { wraps } = await environment.budgetFor('ann', budgetId, count);
    await wraps.put(Array.from({ length: 12 }, (_, index) => makeWrap(`guest-${String(index)}`)));
    expect(count).toEqual({ reads: 0, writes: 12, deletes: 0, rulesReads: 12 });
    await wraps.list(kidOf(1));
    await wraps.list(kidOf(2));
    await wraps.read(created.wrap.kid, annUid);
    expect(count).toEqual({ reads: 16, writes: 12, deletes: 0, rulesReads: 16 });
  });

  onBudget('neither sends nor waits once its caller has given up', async (budget) => {
    const { wraps } = budget.anns;
    const aborted = AbortSignal.abort();
    const wrap = makeWrap('bob');
    expect(outcomeOf(await wraps.put([wrap], aborted))).toEqual('deadline');
    expect(outcomeOf(await wraps.read(wrap.kid, 'bob', aborted))).toEqual('deadline');
    expect(outcomeOf(await wraps.list(kidOf(1), aborted))).toEqual('deadline');
    expect(recipientsOf(await wraps.list(kidOf(1)))).toEqual([budget.annUid]);
  });
}

function describeAccess({ onBudget, expect }: Suite): void {
  onBudget('lets an editor wrap for anybody', async (budget) => {
    const { budget: bobs, uid } = await budget.admit('bob', 'editor', budget.genesis);
    for (const recipient of [uid, budget.annUid, INVITE]) {
      expect(outcomeOf(await bobs.wraps.put([makeWrap(recipient, 2)]))).toEqual('ok');
    }
  });

  onBudget('lets a viewer read, and wrap for nobody else', async (budget) => {
    const { budget: bobs, uid } = await budget.admit('bob', 'viewer', budget.genesis);
    const { kid } = budget.created.wrap;
    expect(outcomeOf(await bobs.wraps.read(kid, budget.annUid))).toEqual('ok');
    expect(outcomeOf(await bobs.wraps.put([makeWrap(uid)]))).toEqual('ok');
    expect(outcomeOf(await bobs.wraps.put([makeWrap(budget.annUid)]))).toEqual('denied');
    expect(outcomeOf(await bobs.wraps.put([makeWrap(INVITE)]))).toEqual('denied');
    expect(await budget.anns.wraps.read(kid, budget.annUid)).toEqual({
      ok: true,
      value: budget.created.wrap.wrap,
    });
  });

  onBudget('denies everything to an outsider, for themselves as well', async (budget) => {
    const { environment, budgetId, created } = budget;
    const uid = await environment.uidOf('eve');
    const { wraps } = await environment.budgetFor('eve', budgetId);
    expect(outcomeOf(await wraps.read(created.wrap.kid, budget.annUid))).toEqual('denied');
    expect(outcomeOf(await wraps.read(created.wrap.kid, uid))).toEqual('denied');
    expect(outcomeOf(await wraps.list(kidOf(1)))).toEqual('denied');
    expect(outcomeOf(await wraps.put([makeWrap(uid)]))).toEqual('denied');
  });

  onBudget('denies everything to whoever was removed', async (budget) => {
    const { budget: bobs, uid, entry } = await budget.admit('bob', 'editor', budget.genesis);
    requireOk(await budget.anns.wraps.put([makeWrap(uid)]));
    const start = budget.entryAfter(entry, { epoch: 2 });
    const members = { [uid]: null };
    requireOk(await budget.ann.append([start], { members, epoch: 2 }));
    expect(outcomeOf(await bobs.wraps.read(makeWrap('').kid, uid))).toEqual('denied');
    expect(outcomeOf(await bobs.wraps.list(kidOf(1)))).toEqual('denied');
    expect(outcomeOf(await bobs.wraps.put([makeWrap(uid)]))).toEqual('denied');
  });

  onBudget('closes a deleted budget to all but reading owners', async (budget) => {
    const { budget: bobs, uid } = await budget.admit('bob', 'editor', budget.genesis);
    await budget.environment.overwrite(budget.budgetId, { deleted: true });
    expect(outcomeOf(await bobs.wraps.list(kidOf(1)))).toEqual('denied');
    expect(outcomeOf(await bobs.wraps.put([makeWrap(uid)]))).toEqual('denied');
    expect(outcomeOf(await budget.anns.wraps.put([makeWrap(uid)]))).toEqual('denied');
    expect(recipientsOf(await budget.anns.wraps.list(kidOf(1)))).toEqual([budget.annUid]);
  });
}
