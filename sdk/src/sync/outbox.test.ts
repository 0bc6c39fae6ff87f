import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../local/memory-store.js';
import type { Edit } from '../model/edit.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { Outbox, type OutboxChange } from './outbox.js';

const random = createSeededRandom(1);

async function open(disk: Map<string, Uint8Array>): Promise<Outbox> {
  const opened = await Outbox.open(createMemoryStore(disk), random);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

async function carryOut(change: OutboxChange, disk: Map<string, Uint8Array>): Promise<void> {
  expect(await createMemoryStore(disk).commit(change)).toMatchObject({ ok: true });
  change.apply();
}

const addEdit = async (outbox: Outbox, id: string): Promise<Edit> => {
  const added = await outbox.add((device, counter) => ({
    device,
    counter,
    stamp: { wallMs: 1, logical: 0 },
    base: 0,
    ops: [{ type: 'put', collection: 'envelopes', id, fields: { n: 1 } }],
  }));
  if (!added.ok) throw new Error(added.error.message);
  return added.value;
};

describe('the outbox', () => {
  it('is as it was after the app was killed: same device, same edits, no counter used twice', async () => {
    const disk = new Map<string, Uint8Array>();
    const before = await open(disk);
    await addEdit(before, 'food');
    await addEdit(before, 'rent');
    before.confirm([1]);
    await carryOut(before.planForgetting(), disk);
    const after = await open(disk);
    expect(after.device).toBe(before.device);
    expect(after.pending()).toEqual(before.pending());
    expect((await addEdit(after, 'fun')).counter).toBe(3);
  });

  it('gives an edit a counter of its own when another tab has used the next one meanwhile', async () => {
    const disk = new Map<string, Uint8Array>();
    const store = createMemoryStore(disk);
    const first = await Outbox.open(store, random);
    const second = await Outbox.open(store, random);
    if (!first.ok || !second.ok) throw new Error('both open one store');
    await addEdit(first.value, 'food');
    await addEdit(second.value, 'rent');
    expect(second.value.pending().map(({ counter }) => counter)).toEqual([1, 2]);
    await first.value.reload();
    expect(first.value.pending()).toEqual(second.value.pending());
  });

  it('keeps rejected edits apart, through a restart and a change of device id', async () => {
    const disk = new Map<string, Uint8Array>();
    const outbox = await open(disk);
    const edit = await addEdit(outbox, 'food');
    await outbox.reject(outbox.pending());
    await addEdit(outbox, 'rent');
    await carryOut(outbox.planNewDevice(random), disk);
    const after = await open(disk);
    expect(await after.rejected()).toEqual({ ok: true, value: [edit] });
    expect(after.device).not.toBe(edit.device);
    expect(after.pending()).toMatchObject([{ counter: 1, device: after.device }]);
  });

  it('takes edits as a new device although nothing was pending when it became one', async () => {
    const disk = new Map<string, Uint8Array>();
    const outbox = await open(disk);
    await addEdit(outbox, 'food');
    outbox.confirm([1]);
    await carryOut(outbox.planNewDevice(random), disk);
    expect((await addEdit(outbox, 'rent')).counter).toBe(1);
    expect((await open(disk)).pending()).toEqual(outbox.pending());
  });

  it('says so when the store cannot be read, and deletes nothing', async () => {
    const disk = new Map<string, Uint8Array>();
    await addEdit(await open(disk), 'food');
    const key = [...disk.keys()].find((name) => name.startsWith('outbox/')) ?? '';
    disk.set(key, Uint8Array.of(1, 2, 3));
    const opened = await Outbox.open(createMemoryStore(disk), random);
    expect(opened).toMatchObject({ ok: false, error: { kind: 'corrupt' } });
    expect(disk.has(key)).toBe(true);
  });
});
