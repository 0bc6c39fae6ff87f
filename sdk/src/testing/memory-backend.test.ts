import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { hashFrame } from '../crypto/frame.js';
import type { LogEntry, RemoteLog } from '../ports/remote-log.js';
import { MAX_WRAPS_PER_COMMIT } from '../ports/commit-limits.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import { createMemoryBackend, type MemoryBackend } from './memory-backend.js';
import { disruptOnce, type Disruption, type RemoteOperation } from './memory-log-faults.js';
import {
  makeFrame,
  makeGenesis,
  makeNewBudget,
  makeWrap,
  newBudgetId,
  outcomeOf,
  positionsOf,
} from './remote-log-fixture.js';
import { makeSnapshot } from './snapshot-storage-fixture.js';
import { VirtualClock } from './virtual-clock.js';

const budgetId = newBudgetId();

async function openBudget(latencyMs = 0): Promise<{
  clock: VirtualClock;
  backend: MemoryBackend;
  ann: RemoteLog;
  genesis: LogEntry;
}> {
  const clock = new VirtualClock();
  const backend = createMemoryBackend({ clock, latencyMs: () => latencyMs });
  const ann = backend.logFor('ann', budgetId);
  const genesis = makeGenesis(budgetId, 'ann', clock.now());
  return { clock, backend, ann, genesis };
}

describe('a memory backend', () => {
  it('takes its time, on the virtual clock alone', async () => {
    const { clock, ann, genesis } = await openBudget(100);
    const startMs = clock.now();
    let finishedMs = 0;
    const creating = ann.create(genesis, makeNewBudget('ann')).then((result) => {
      finishedMs = clock.now();
      return result;
    });
    await clock.advance(1000);
    expect(outcomeOf(await creating)).toBe('ok');
    expect(finishedMs - startMs).toBe(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, Disruption, string, boolean]>([
    ['fails before anything is applied', { failBefore: 'offline' }, 'offline', false],
    ['applies and loses the answer', { loseAnswer: 'deadline' }, 'deadline', true],
    ['never hears of it', { hang: 'before' }, 'deadline', false],
    ['applies and never answers', { hang: 'after' }, 'deadline', true],
    ['is slow', { delayMs: 5000 }, 'ok', true],
    ['is slower than the deadline, and applies nonetheless', { delayMs: 40_000 }, 'deadline', true],
  ])('%s when told to, once', async (_what, disruption, outcome, isApplied) => {
    const { clock, backend, ann, genesis } = await openBudget();
    backend.intercept(disruptOnce('create', disruption, 'ann'));
    const creating = ann.create(genesis, makeNewBudget('ann'));
    await clock.advance(60_000);
    expect(outcomeOf(await creating)).toBe(outcome);
    expect(backend.inspect(budgetId) !== undefined).toBe(isApplied);
    expect(clock.pendingTimers).toBe(0);
    const again = outcomeOf(await ann.create(genesis, makeNewBudget('ann')));
    expect(again).toBe(isApplied ? 'denied' : 'ok');
  });

  it('stops disrupting when told to', async () => {
    const { backend, ann, genesis } = await openBudget();
    const stop = backend.intercept(() => ({ failBefore: 'quota' }));
    expect(outcomeOf(await ann.create(genesis, makeNewBudget('ann')))).toBe('quota');
    stop();
    expect(outcomeOf(await ann.create(genesis, makeNewBudget('ann')))).toBe('ok');
  });

  it('shows one reader something else, and the others the log', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    backend.overwrite(budgetId, { members: { ann: 'owner', bob: 'viewer' } });
    const bob = backend.logFor('bob', budgetId);
    const stop = backend.tamper('bob', budgetId, (entries) =>
      entries.map((entry) => ({ ...entry, frame: new Uint8Array(3) })),
    );
    const frameLengthOf = async (log: RemoteLog): Promise<unknown> => {
      const page = await log.read({ after: 0, limit: 1 });
      return page.ok && page.value[0]?.frame.length;
    };
    expect(await frameLengthOf(bob)).toBe(3);
    expect(await frameLengthOf(ann)).toBe(485);
    stop();
    expect(await frameLengthOf(bob)).toBe(485);
  });

  it('never shows an existing budget as empty', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    backend.tamper('ann', budgetId, () => []);
    expect(positionsOf(await ann.read({ after: 0, limit: 1 }))).toBe('failed');
  });

  it('lets nobody append while a budget waits for a new key', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    backend.overwrite(budgetId, { rekey: true });
    const prev = hashFrame(genesis.frame);
    const next = { ...genesis, seq: 2, prev, frame: makeFrame({ budgetId, prev }) };
    expect(outcomeOf(await ann.append([next]))).toBe('denied');
    backend.overwrite(budgetId, { rekey: false });
    expect(outcomeOf(await ann.append([next]))).toBe('ok');
  });

  it('plays a project that swaps keys, reopens invites, hides notices and moves notes', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const { wraps, invites, exits } = backend.budgetFor('ann', budgetId);
    const { kid } = makeWrap('ann');
    const swapped = { ...makeWrap('ann'), wrap: new Uint8Array(50) };
    const invite = { inviteId: 'ab'.repeat(16), role: 'owner', by: 'eve', expiresAt: 1 } as const;
    backend.overwrite(budgetId, {
      wraps: new Map([[wrapIdOf(kid, 'ann'), swapped]]),
      invites: new Map([
        [invite.inviteId, { ...invite, revoked: false, accessHash: new Uint8Array(32) }],
      ]),
      departures: new Map([['bob', new Uint8Array(7)]]),
    });
    backend.overwritePins('ann', new Map([[budgetId, new Uint8Array(8)]]));
    expect(await wraps.read(kid, 'ann')).toEqual({ ok: true, value: swapped.wrap });
    expect(await invites.read(invite.inviteId)).toEqual({
      ok: true,
      value: { ...invite, revoked: false },
    });
    expect(await exits.readDeparture('bob')).toEqual({ ok: true, value: new Uint8Array(7) });
    const pin = await backend.listFor('ann').readPin(budgetId);
    expect(pin).toEqual({ ok: true, value: new Uint8Array(8) });
    expect(backend.inspectPins('ann').size).toBe(1);
    expect(backend.inspectPins('bob').size).toBe(0);
  });

  it('forgets a recent sign-in when told to, and believes in it again', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const { exits } = backend.budgetFor('ann', budgetId);
    backend.signedInRecently('ann', false);
    expect(outcomeOf(await exits.markDeleted(new Uint8Array(9)))).toBe('denied');
    backend.signedInRecently('ann', true);
    expect(outcomeOf(await exits.markDeleted(new Uint8Array(9)))).toBe('ok');
  });

  it('can fail in the middle of storing many wraps', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const { wraps } = backend.budgetFor('ann', budgetId);
    const many = Array.from({ length: 15 }, (_, index) => makeWrap(`guest-${String(index)}`));
    let commits = 0;
    backend.intercept(({ operation }) =>
      operation === 'putWraps' && ++commits === 2 ? { failBefore: 'offline' } : undefined,
    );
    expect(outcomeOf(await wraps.put(many))).toBe('offline');
    expect(backend.inspect(budgetId)?.wraps.size).toBe(1 + MAX_WRAPS_PER_COMMIT);
    expect(outcomeOf(await wraps.put(many))).toBe('ok');
    expect(backend.inspect(budgetId)?.wraps.size).toBe(16);
  });

  it('loses the answer to an acceptance that was applied', async () => {
    const { backend, ann, genesis, clock } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const access = new Uint8Array(32).fill(5);
    const inviteId = 'cd'.repeat(16);
    const invite = { inviteId, role: 'viewer', expiresAt: clock.now() + 1000 } as const;
    const accessHash = sha256(access);
    await backend.budgetFor('ann', budgetId).invites.create({ ...invite, accessHash });
    backend.intercept(disruptOnce('acceptInvite', { loseAnswer: 'deadline' }));
    const { invites } = backend.budgetFor('bob', budgetId);
    const acceptance = {
      inviteId,
      role: 'viewer',
      access,
      acceptance: access,
      pin: access,
    } as const;
    expect(outcomeOf(await invites.accept(acceptance))).toBe('deadline');
    expect(backend.inspect(budgetId)?.members['bob']).toBe('viewer');
    expect(outcomeOf(await invites.accept(acceptance))).toBe('denied');
  });

  it.each<[string, RemoteOperation, number, number]>([
    ['a chunk', 'putChunk', 0, 0],
    ['the header', 'putHeader', 0, 2],
  ])('can fail before %s of a snapshot', async (_what, operation, snapshots, chunks) => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const { snapshots: storage } = backend.budgetFor('ann', budgetId);
    const snapshot = makeSnapshot(budgetId, 1, [1, 1]);
    backend.intercept(disruptOnce(operation, { failBefore: 'offline' }));
    expect(outcomeOf(await storage.put(snapshot))).toBe('offline');
    expect(backend.inspect(budgetId)?.snapshots.size).toBe(snapshots);
    expect(backend.inspect(budgetId)?.chunks.size).toBe(chunks);
    expect(outcomeOf(await storage.put(snapshot))).toBe('ok');
    backend.intercept(disruptOnce('putHeader', { loseAnswer: 'deadline' }));
    const other = makeSnapshot(budgetId, 1);
    expect(outcomeOf(await storage.put(other))).toBe('deadline');
    expect(outcomeOf(await storage.put(other))).toBe('ok');
    expect(backend.inspect(budgetId)?.snapshots.size).toBe(2);
  });

  it('leaves only chunks that nobody sees where removing a snapshot breaks off', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const { snapshots: storage } = backend.budgetFor('ann', budgetId);
    const lengths = Array.from({ length: 12 }, () => 1);
    const put = await storage.put(makeSnapshot(budgetId, 1, lengths));
    let commits = 0;
    backend.intercept(({ operation }) =>
      operation === 'removeSnapshot' && ++commits === 2 ? { failBefore: 'offline' } : undefined,
    );
    const stored = { id: put.ok ? put.value : '', chunks: 12 };
    expect(outcomeOf(await storage.remove(stored))).toBe('offline');
    expect(await storage.list(2)).toEqual({ ok: true, value: [] });
    expect(backend.inspect(budgetId)?.chunks.size).toBe(5);
    expect(outcomeOf(await storage.remove(stored))).toBe('ok');
    expect(backend.inspect(budgetId)?.chunks.size).toBe(0);
  });

  it('leaves a log without gaps where pruning breaks off', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    const entries = new Map(
      Array.from({ length: 50 }, (_, at) => [at + 1, { ...genesis, seq: at + 1, at: 0 }]),
    );
    backend.overwrite(budgetId, { entries, floor: 45 });
    const { snapshots: storage } = backend.budgetFor('ann', budgetId);
    let commits = 0;
    backend.intercept(({ operation }) =>
      operation === 'prune' && ++commits === 2 ? { failBefore: 'offline' } : undefined,
    );
    expect(outcomeOf(await storage.prune(45, 100))).toBe('offline');
    expect(positionsOf(await ann.read({ after: 0, limit: 1 }))).toEqual([16]);
    expect(await storage.prune(45, 100)).toEqual({ ok: true, value: 30 });
    expect(positionsOf(await ann.read({ after: 0, limit: 9 }))).toEqual([46, 47, 48, 49, 50]);
  });

  it('hides snapshots from one reader', async () => {
    const { backend, ann, genesis } = await openBudget();
    await ann.create(genesis, makeNewBudget('ann'));
    backend.overwrite(budgetId, { members: { ann: 'owner', bob: 'viewer' } });
    await backend.budgetFor('ann', budgetId).snapshots.put(makeSnapshot(budgetId, 1));
    const countFor = async (uid: string): Promise<unknown> => {
      const listed = await backend.budgetFor(uid, budgetId).snapshots.list(2);
      return listed.ok && listed.value.length;
    };
    const stop = backend.tamperSnapshots('bob', budgetId, () => []);
    expect([await countFor('ann'), await countFor('bob')]).toEqual([1, 0]);
    stop();
    expect(await countFor('bob')).toBe(1);
  });
});
