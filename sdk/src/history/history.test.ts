import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeCanonical, type Item } from '../codec/cbor.js';
import { verifyFrameSignature } from '../crypto/envelope.js';
import { hashFrame, parseFrame } from '../crypto/frame.js';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { foundWorlds } from '../testing/found-worlds.js';
import type { SyncWorld } from '../testing/sync-world.js';

const worlds = foundWorlds();

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

/** Somebody appends bytes that are no entry at `seq`, and an honest entry follows. */
async function poison(world: SyncWorld): Promise<number> {
  const stored = world.backend.inspect(world.budgetId);
  const head = stored?.entries.get(stored.entries.size);
  if (!head) throw new Error('there is no log');
  const seq = head.seq + 1;
  const frame = head.frame.slice();
  frame.fill(0, frame.length - 64);
  const rewritten = { ...head, seq, prev: hashFrame(head.frame), frame };
  world.backend.overwrite(world.budgetId, {
    entries: new Map([...(stored?.entries ?? []), [seq, rewritten]]),
  });
  await Promise.resolve();
  return seq;
}

describe('the history of a budget', () => {
  it('says who changed what and when, newest first, people included', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    const ben = await world.open('ben');
    await ann.budget.collection('bills').put('rent', { due: 1 });
    await world.settle();
    await ben.budget.collection('bills').increment('rent', 'due', 2);
    await world.settle();
    const { entries, next } = await world.during(ann.budget.history());
    const { seq } = ann.budget.verifiedState();
    expect(entries.map((entry) => entry.seq)).toEqual(
      Array.from({ length: seq }, (_, index) => seq - index),
    );
    expect(next).toBeUndefined();
    const [newest, before] = entries;
    expect(newest).toMatchObject({ author: 'ben', label: 'verified', isSkipped: false });
    expect(newest?.edits[0]?.ops).toMatchObject([{ type: 'increment', id: 'rent', by: 2 }]);
    expect(before).toMatchObject({ author: 'ann' });
    expect(before?.edits[0]?.ops).toMatchObject([{ type: 'put', fields: { due: 1 } }]);
    expect(entries.every(({ t, at }) => t > 0 && at >= t)).toBe(true);
    expect(entries.at(-1)?.statements).toMatchObject([{ type: 'genesis' }]);
    const added = entries.flatMap(({ statements }) => statements.map(({ type }) => type));
    expect(added).toContain('member_added');
  });

  it('is read page by page, a document for each entry, and narrowed to one record', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    for (let due = 1; due <= 6; due += 1) {
      await ann.budget.collection('bills').put(due % 2 ? 'rent' : 'power', { due });
      await world.settle();
    }
    const before = ann.count.reads;
    const found: unknown[] = [];
    let after: string | undefined;
    do {
      const page = await world.during(
        ann.budget.history({ collection: 'bills', id: 'rent', limit: 4, ...(after && { after }) }),
      );
      for (const { edits } of page.entries) found.push(...edits.flatMap(({ ops }) => ops));
      after = page.next;
    } while (after);
    expect(found).toMatchObject([
      { fields: { due: 5 } },
      { fields: { due: 3 } },
      { fields: { due: 1 } },
    ]);
    expect(ann.count.reads - before).toBe(ann.budget.verifiedState().seq);
  });

  it('refuses another history than the one that was verified, and says so', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('bills').put('rent', { due: 1 });
    await world.settle();
    const heard: string[] = [];
    ann.budget.on('security', ({ kind }) => heard.push(kind));
    const stored = world.backend.inspect(world.budgetId);
    const entries = new Map(stored?.entries);
    const forged = entries.get(2);
    if (!forged) throw new Error('there is an entry');
    entries.set(2, {
      ...forged,
      frame: forged.frame.map((byte, at) => (at === 90 ? byte ^ 1 : byte)),
    });
    world.backend.overwrite(world.budgetId, { entries });
    await expect(world.during(ann.budget.history())).rejects.toMatchObject({ kind: 'log_halted' });
    entries.delete(2);
    world.backend.overwrite(world.budgetId, { entries });
    await expect(world.during(ann.budget.history())).rejects.toMatchObject({ kind: 'log_halted' });
    expect(heard).toEqual(['fork', 'gap']);
  });

  it('ends where the log was pruned', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('bills').put('rent', { due: 1 });
    await world.settle();
    const { seq } = ann.budget.verifiedState();
    const entries = new Map(world.backend.inspect(world.budgetId)?.entries);
    for (let pruned = 1; pruned < seq; pruned += 1) entries.delete(pruned);
    world.backend.overwrite(world.budgetId, { entries, floor: seq - 1 });
    const page = await world.during(ann.budget.history());
    expect([page.entries.map((entry) => entry.seq), page.next]).toEqual([[seq], undefined]);
  });

  it('shows that an entry was skipped, and nothing of what it says, also after a restart', async () => {
    const world = await worlds.found();
    const disk = new Map<string, Uint8Array>();
    const ann = await world.open('ann', { store: createMemoryStore(disk) });
    await ann.budget.collection('bills').put('rent', { due: 1 });
    await world.settle();
    const seq = await poison(world);
    await ann.budget.collection('bills').put('rent', { due: 2 });
    await world.settle();
    const stored = new Map(disk);
    for (const device of [ann, await world.open('ann', { store: createMemoryStore(stored) })]) {
      const { entries } = await world.during(device.budget.history());
      expect(entries.at(-1)?.seq).toBe(1);
      expect(entries.slice(0, 2).map((entry) => [entry.seq, entry.isSkipped])).toEqual([
        [seq + 1, false],
        [seq, true],
      ]);
      expect(entries[1]?.edits).toEqual([]);
    }
  });

  it('says of what lies before the snapshot that a device started from that others attest it', async () => {
    const world = await worlds.found({ settings: { snapshotEveryEntries: 5 } });
    const ann = await world.open('ann');
    for (let due = 0; due < 12; due += 1) {
      await ann.budget.collection('bills').put('rent', { due });
      await world.during(ann.budget.sync.syncNow());
      await world.clock.advance(3_000);
    }
    const fresh = await world.open('ben');
    await world.during(fresh.budget.sync.syncNow());
    const [own, taken] = await Promise.all(
      [ann, fresh].map(({ budget }) => world.during(budget.history({ limit: 200 }))),
    );
    expect(taken?.entries.map(({ seq, edits }) => [seq, edits])).toEqual(
      own?.entries.map(({ seq, edits }) => [seq, edits]),
    );
    expect(new Set(own?.entries.map(({ label }) => label))).toEqual(new Set(['verified']));
    expect([taken?.entries[0]?.label, taken?.entries.at(-1)?.label]).toEqual([
      'verified',
      'attested',
    ]);
  });

  it('takes no limit and no cursor that it did not hand out', async () => {
    const { budget } = await (await worlds.found()).open('ann');
    for (const wrong of [
      { limit: 0 },
      { limit: 201 },
      { after: '3' },
      { after: `9999.${'0'.repeat(64)}` },
    ]) {
      await expect(budget.history(wrong)).rejects.toMatchObject({ kind: 'bad_input' });
    }
  });
});

describe('an exported history', () => {
  it('holds every frame as it was signed, in one chain, and no key that opens them', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann');
    await ann.budget.collection('bills').put('rent', { due: 1 });
    await world.settle();
    const progress: number[] = [];
    const bytes = await world.during(
      ann.budget.exportHistory({ onProgress: (done) => progress.push(done) }),
    );
    const items = decodeCanonical(bytes);
    const [magic, version, , frames, , members]: readonly Item[] = Array.isArray(items)
      ? items
      : [];
    expect([magic, version]).toEqual(['sealsync history', 1]);
    const keys = new Map((members as [string, Uint8Array][]).map(([uid, sign]) => [uid, sign]));
    let prev = new Uint8Array(32);
    for (const frame of frames as Uint8Array[]) {
      const parsed = parseFrame(frame);
      if (!parsed.ok) throw new Error('a frame does not parse');
      expect(parsed.value.header.prev).toEqual(prev);
      const key = keys.get(parsed.value.header.author) ?? new Uint8Array(32);
      expect(verifyFrameSignature(parsed.value, key)).toBe(true);
      prev = Uint8Array.from(hashFrame(frame));
    }
    const { seq } = ann.budget.verifiedState();
    expect((frames as unknown[]).length).toBe(seq);
    expect(progress.at(-1)).toBe(seq);
    expect(new TextDecoder().decode(bytes)).not.toContain('rent');
  });
});
