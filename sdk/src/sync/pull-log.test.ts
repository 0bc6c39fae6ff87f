import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeBody } from '../codec/body.js';
import { sealFrame } from '../crypto/envelope.js';
import { createEpochKey, type EpochKey } from '../crypto/epoch-key.js';
import { hashFrame, parseFrame } from '../crypto/frame.js';
import { generateIdentity, type Identity } from '../crypto/identity.js';
import { makeHeadHint } from '../crypto/head-hint.js';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import type { DeviceId } from '../model/ids.js';
import type { StoredEntry } from '../ports/remote-log.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';
import type { SecurityEvent } from './security-event.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

function hearSecurity({ budget }: SyncDevice): SecurityEvent['kind'][] {
  const heard: SecurityEvent['kind'][] = [];
  budget.on('security', ({ kind }) => heard.push(kind));
  return heard;
}

const STRANGE_DEVICE = 'd'.repeat(32) as DeviceId;

const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

const lastEntry = (world: SyncWorld): StoredEntry => {
  const entry = [...(world.backend.inspect(world.budgetId)?.entries.values() ?? [])].at(-1);
  if (!entry) throw new Error('the log has entries');
  return entry;
};

/** Appends what the rules let a member append, whatever the frame says inside. */
async function appendRaw(world: SyncWorld, uid: string, frame: Uint8Array): Promise<void> {
  const head = lastEntry(world);
  const entry = {
    seq: head.seq + 1,
    epoch: 1,
    author: uid,
    t: world.clock.now(),
    prev: hashFrame(head.frame),
    frame,
  };
  const appended = world.backend.logFor(uid, world.budgetId).append([entry]);
  await world.clock.advance(0);
  expect(await appended).toEqual({ ok: true, value: undefined });
}

interface Forgery {
  readonly epochKey?: EpochKey;
  readonly device?: DeviceId;
  readonly counter?: number;
  readonly base?: number;
}

/** The next entry with one edit in it, as `identity` would seal and sign it. */
function sealNext(world: SyncWorld, identity: Identity, forgery: Forgery = {}): Uint8Array {
  const { seq, frame } = lastEntry(world);
  const { epochKey = world.epochKey, device = STRANGE_DEVICE, counter = 1, base = seq } = forgery;
  const put = { type: 'put' as const, collection: 'envelopes', id: 'food', fields: { limit: 666 } };
  const stamp = { wallMs: world.clock.now(), logical: 0 };
  return sealFrame({
    kind: 'edits',
    seq: seq + 1,
    device,
    t: world.clock.now(),
    prev: hashFrame(frame),
    plaintext: encodeBody({
      edits: [{ device, counter, stamp, base, ops: [put] }],
      statements: [],
    }),
    epochKey,
    identity,
    random: world.random,
  });
}

function deviceOfLastEntry(world: SyncWorld): DeviceId {
  const parsed = parseFrame(lastEntry(world).frame);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.header.device;
}

describe('an entry that is damaged for one reader', () => {
  it('is fetched again, and merged if the second copy is genuine', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    const heard = hearSecurity(ben);
    let shown = 0;
    world.backend.tamper('ben', world.budgetId, (page) =>
      page.map((entry) => (shown++ === 0 ? { ...entry, frame: flip(entry.frame, 300) } : entry)),
    );
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(100);
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    expect(heard).toEqual([]);
  });

  it.each([0, 10, 130, 300])(
    'is never skipped while the server insists on the damaged copy (byte %s)',
    async (at) => {
      const world = await worlds.found();
      const ann = await world.open('ann');
      const ben = await world.open('ben');
      const heard = hearSecurity(ben);
      const victim = lastEntry(world).seq + 1;
      const restore = world.backend.tamper('ben', world.budgetId, (page) =>
        page.map((entry) =>
          entry.seq === victim ? { ...entry, frame: flip(entry.frame, at) } : entry,
        ),
      );
      await ann.budget.collection('envelopes').put('food', { limit: 1 });
      await world.clock.advance(1_000);
      expect(heard).toEqual(['entry_rejected']);
      await ann.budget.collection('envelopes').put('rent', { limit: 2 });
      await world.clock.advance(1_000);
      expect(ben.budget.collection('envelopes').list()).toEqual([]);
      expect(ben.budget.sync.getStatus().error?.kind).toBe('log_halted');
      expect(heard).not.toContain('entry_quarantined');
      restore();
      await world.settle();
      expect(ben.budget.collection('envelopes').list()).toHaveLength(2);
    },
  );

  it('takes no later entry down with it: what a hidden newcomer wrote is not skipped either', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    const added = lastEntry(world).seq;
    await ben.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    // It commits to the bytes of ben's entry, which is shown as it is.
    await ann.budget.collection('envelopes').put('rent', { limit: 2 });
    await world.settle();
    const restore = world.backend.tamper('ann', world.budgetId, (page) =>
      page.map((entry) =>
        entry.seq === added ? { ...entry, frame: flip(entry.frame, 300) } : entry,
      ),
    );
    const fresh = await world.open('ann');
    const heard = hearSecurity(fresh);
    await world.clock.advance(1_000);
    expect(heard).toEqual(['fork']);
    expect(fresh.budget.sync.getStatus().error?.kind).toBe('log_halted');
    restore();
    await world.settle();
    expect(fresh.budget.collection('envelopes').list()).toHaveLength(2);
  });

  it.each([
    ['seq', { epoch: 2 }],
    ['author', { author: 'ann' }],
    ['time', { t: 1 }],
    ['predecessor', { prev: new Uint8Array(32) }],
  ])('is refused when its copy of the %s differs from the frame', async (_, change) => {
    const world = await worlds.found();
    const ben = await world.open('ben');
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    const victim = lastEntry(world).seq + 1;
    world.backend.tamper('ann', world.budgetId, (page) =>
      page.map((entry) => (entry.seq === victim ? { ...entry, ...change } : entry)),
    );
    await ben.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    expect(ann.budget.collection('envelopes').list()).toEqual([]);
    expect(heard).toEqual(['entry_rejected']);
  });
});

describe('an entry that is invalid for everybody', () => {
  it('halts all, and is skipped by all once a genuine entry commits to its bytes', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    const heard = [hearSecurity(ann), hearSecurity(ben)];
    await appendRaw(world, 'ben', flip(sealNext(world, world.identityOf('ben')), 300));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(100);
    expect(heard).toEqual([['entry_rejected'], ['entry_rejected']]);
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    expect(heard[0]).toContain('entry_quarantined');
    expect(heard[1]).toContain('entry_quarantined');
    const disk = new Map<string, Uint8Array>();
    const fresh = await world.open('ben', { store: createMemoryStore(disk) });
    await world.settle();
    expect(fresh.budget.collection('envelopes').get('food')).toEqual({ limit: 1 });
    const again = await world.open('ben', { store: createMemoryStore(disk) });
    const told = hearSecurity(again);
    await world.settle();
    expect(again.budget.verifiedState()).toEqual(ann.budget.verifiedState());
    expect(told).toEqual([]);
  });

  it('sealed under a key that no verified entry names changes nothing', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    const ownKey = createEpochKey(new Uint8Array(32).fill(7), world.budgetId, 1);
    await appendRaw(world, 'ben', sealNext(world, world.identityOf('ben'), { epochKey: ownKey }));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(100);
    expect(heard).toEqual(['entry_rejected']);
    expect(ann.budget.verifiedState().seq).toBe(lastEntry(world).seq - 1);
  });

  it('is merged if a member with the right to write made it, which shows that the others fail for a reason', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await appendRaw(world, 'ben', sealNext(world, world.identityOf('ben')));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(100);
    expect(ann.budget.collection('envelopes').get('food')).toEqual({ limit: 666 });
  });

  it("in a member's name, but signed by another key, is not merged", async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    await appendRaw(world, 'ben', sealNext(world, generateIdentity('ben', world.random)));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(100);
    expect(heard).toEqual(['entry_rejected']);
    expect(ann.budget.collection('envelopes').list()).toEqual([]);
  });

  it('of a viewer, whom the project let write, is not merged', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.add(ann, 'vic', 'viewer');
    const heard = hearSecurity(ann);
    world.backend.overwrite(world.budgetId, {
      members: { ann: 'owner', ben: 'editor', vic: 'editor' },
    });
    await appendRaw(world, 'vic', sealNext(world, world.identityOf('vic')));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(3_000);
    expect(heard).toEqual(['entry_rejected']);
    expect(ann.budget.collection('envelopes').list()).toEqual([]);
  });

  it("of an editor who makes a member of somebody, which is an owner's right, adds nobody", async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    const ben = world.identityOf('ben');
    const { seq, frame } = lastEntry(world);
    const keys = world.identityOf('eve').publicKeys;
    const statement = { type: 'member_added' as const, uid: 'eve', role: 'owner' as const, keys };
    const header = { kind: 'membership' as const, seq: seq + 1, t: world.clock.now() };
    const sealed = sealFrame({
      ...header,
      device: STRANGE_DEVICE,
      prev: hashFrame(frame),
      plaintext: encodeBody({ edits: [], statements: [statement] }),
      epochKey: world.epochKey,
      identity: ben,
      random: world.random,
    });
    await appendRaw(world, 'ben', sealed);
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(100);
    expect(heard).toEqual(['entry_rejected']);
    expect([...ann.budget.people.members().keys()]).toEqual(['ann', 'ben']);
  });

  it('of somebody who is in the members map only is not merged', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    world.backend.overwrite(world.budgetId, {
      members: { ann: 'owner', ben: 'editor', eve: 'editor' },
    });
    await appendRaw(world, 'eve', sealNext(world, world.identityOf('eve')));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(3_000);
    expect(heard).toContain('entry_rejected');
    expect(ann.budget.collection('envelopes').list()).toEqual([]);
  });
});

describe('a device whose own standing in the log is not what the project says', () => {
  it('keeps its edits pending when the log knows its user by other keys, and says so', async () => {
    const world = await worlds.found();
    world.forgetIdentity('ben');
    const ben = await world.open('ben');
    const heard = hearSecurity(ben);
    await ben.budget.collection('envelopes').put('food', { limit: 1 });
    await world.clock.advance(1_000);
    expect(heard).toContain('identity_mismatch');
    expect(ben.budget.sync.getStatus().error?.kind).toBe('key_missing');
    expect(ben.budget.pendingEdits).toBe(1);
  });

  it('refuses the edit of a viewer at the call, whatever the members map says, and reads on', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.add(ann, 'vic', 'viewer');
    world.backend.overwrite(world.budgetId, { members: { ann: 'owner', vic: 'editor' } });
    const vic = await world.open('vic');
    const put = vic.budget.collection('envelopes').put('food', { limit: 1 });
    await expect(put).rejects.toMatchObject({ kind: 'access_denied' });
    expect(vic.budget.pendingEdits).toBe(0);
    await ann.budget.collection('envelopes').put('rent', { limit: 2 });
    await world.settle();
    expect(vic.budget.collection('envelopes').get('rent')).toEqual({ limit: 2 });
  });
});

describe('an editor who abuses what only editors can', () => {
  it('cannot claim to have seen the future, and so absorb increments that come later', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    await appendRaw(world, 'ben', sealNext(world, world.identityOf('ben'), { base: 2 ** 40 }));
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(3_000);
    expect(heard).toEqual(['entry_rejected']);
  });

  it("cannot use up the counters of another's device", async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    const heard = [hearSecurity(ann), hearSecurity(ben)];
    const device = deviceOfLastEntry(world);
    await appendRaw(
      world,
      'ben',
      sealNext(world, world.identityOf('ben'), { device, counter: 99 }),
    );
    world.hub.invent({ type: 'sync_required' });
    await world.clock.advance(3_000);
    expect(heard).toEqual([['entry_rejected'], ['entry_rejected']]);
    await ann.budget.collection('envelopes').put('food', { limit: 2 });
    await world.settle();
    expect(ben.budget.collection('envelopes').get('food')).toEqual({ limit: 2 });
  });
});

describe('a server that rewrites the past', () => {
  it('leaves out an entry in the middle: reading stops and says so', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    world.backend.tamper('ben', world.budgetId, (page) => page.filter(({ seq }) => seq !== 2));
    const ben = await world.open('ben', { online: false });
    const heard = hearSecurity(ben);
    await world.goOnline(ben);
    await world.clock.advance(100);
    expect(heard).toEqual(['gap']);
    expect(ben.budget.sync.getStatus().error?.kind).toBe('log_halted');
  });

  it('rolls the log back: a device that only reads finds out at its next interval', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    await world.clock.advance(60_000);
    const entries = [...(world.backend.inspect(world.budgetId)?.entries ?? [])].slice(0, -1);
    world.backend.overwrite(world.budgetId, { entries: new Map(entries) });
    await world.clock.advance(300_000);
    expect(heard).toContain('rollback');
    expect(ann.budget.sync.getStatus().error?.kind).toBe('log_halted');
  });

  it('rolls the log back: the next append finds out, and the edit stays in the outbox', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    const stored = world.backend.inspect(world.budgetId);
    const entries = [...(stored?.entries ?? [])].filter(([seq]) => seq < lastEntry(world).seq);
    world.backend.overwrite(world.budgetId, { entries: new Map(entries) });
    await ann.budget.collection('envelopes').put('rent', { limit: 2 });
    await world.clock.advance(1_000);
    expect(heard).toContain('rollback');
    expect(ann.budget.pendingEdits).toBe(1);
    expect(ann.budget.collection('envelopes').list()).toHaveLength(2);
  });

  it('shows two members different histories: the next entry across gives it away', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await world.settle();
    const fork = world.backend.inspect(world.budgetId);
    await ann.budget.collection('envelopes').put('food', { limit: 1 });
    await world.settle();
    // Ben writes on top of the state without Ann's entry; Ann is then shown his branch.
    world.hub.setDown(true);
    world.backend.overwrite(world.budgetId, { entries: fork?.entries ?? new Map() });
    const ben = await world.open('ben');
    await ben.budget.collection('envelopes').put('food', { limit: 2 });
    await ben.budget.collection('envelopes').put('rent', { limit: 3 });
    await world.clock.advance(1_000);
    await ben.budget.collection('envelopes').put('fun', { limit: 4 });
    await world.clock.advance(1_000);
    const heard = hearSecurity(ann);
    await world.clock.advance(60_000);
    expect(heard).toContain('fork');
    expect(ann.budget.collection('envelopes').list()).toEqual([['food', { limit: 1 }]]);
  });
});

describe("a member's head tag", () => {
  it('that names another entry at the same position is reported as a fork', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const heard = hearSecurity(ann);
    const { seq, frame } = lastEntry(world);
    const { epochKey } = world;
    const other = hashFrame(flip(frame, 5));
    const hint = makeHeadHint({ seq, headHash: other, epochKey });
    world.hub.invent({ type: 'data_changed', ...hint });
    await world.clock.advance(100);
    expect(heard).toEqual(['fork']);
    const genuine = makeHeadHint({ seq, headHash: hashFrame(frame), epochKey });
    world.hub.invent({ type: 'data_changed', ...genuine });
    await world.clock.advance(100);
    expect(heard).toEqual(['fork']);
  });
});

describe('a device whose store was copied', () => {
  it('takes a new id, and neither copy loses an edit to the other', async () => {
    const world = await worlds.found();
    const disk = new Map<string, Uint8Array>();
    const original = await world.open('ann', { store: createMemoryStore(disk), online: false });
    const clone = await world.open('ann', {
      store: createMemoryStore(new Map(disk)),
      online: false,
    });
    const heard = hearSecurity(original);
    const security = hearSecurity(clone);
    await original.budget.collection('envelopes').put('food', { limit: 1 });
    await clone.budget.collection('envelopes').put('rent', { limit: 2 });
    await world.goOnline(original);
    await world.goOnline(clone);
    await world.settle();
    expect(security).toEqual(['device_cloned']);
    expect(heard).toEqual([]);
    for (const { budget } of world.devices) {
      expect(budget.collection('envelopes').list()).toHaveLength(2);
    }
  });
});
