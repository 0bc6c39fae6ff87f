import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { foundWorlds } from '../testing/found-worlds.js';
import { SyncWorld, type SyncDevice } from '../testing/sync-world.js';
import { verifyBackup } from '../verify-backup.js';

const worlds = foundWorlds();
const passphrase = 'oyster basalt lantern quiver';
const wrong = { passphrase: 'another lantern basalt oyster' };

beforeAll(loadSodium);

afterEach(() => worlds.closeAll());

/** Argon2id runs in real time, which the world's clock knows nothing of. */
const backUp = ({ budget }: SyncDevice): Promise<Uint8Array> => budget.backup({ passphrase });

async function openWithRecords(): Promise<{ world: SyncWorld; ann: SyncDevice }> {
  const world = await worlds.found();
  const ann = await world.open('ann');
  await ann.budget.collection('bills').put('rent', { due: 1, payee: 'Canary Homes' });
  await ann.budget.collection('bills').put('power', { due: 15 });
  await ann.budget.collection('notes').put('n1', { text: 'call' });
  await world.settle();
  return { world, ann };
}

/** As a file whose checksum was made to fit again. */
function reseal(bytes: Uint8Array): Uint8Array {
  const content = bytes.slice(0, -32);
  bytes.set(sha256(content), content.length);
  return bytes;
}

// Argon2id takes a second or so wherever it runs.
describe('a backup', { timeout: 120_000 }, () => {
  it('shows nothing without its passphrase, and says what it is of with it', async () => {
    const { world, ann } = await openWithRecords();
    await ann.budget.sync.stop();
    await ann.budget.collection('notes').put('n2', { text: 'offline' });
    const bytes = await backUp(ann);
    expect(new TextDecoder('latin1').decode(bytes)).not.toMatch(/Canary|rent|bills|ann/);
    const summary = await verifyBackup(bytes, { passphrase });
    expect(summary).toMatchObject({ budgetId: world.budgetId, pendingEdits: 1, rejectedEdits: 0 });
    expect([...summary.records]).toEqual([
      ['bills', 2],
      ['notes', 2],
    ]);
    expect([...summary.members]).toEqual([
      ['ann', 'owner'],
      ['ben', 'editor'],
    ]);
    await expect(verifyBackup(bytes, wrong)).rejects.toMatchObject({ kind: 'wrong_passphrase' });
  });

  it('is not made under a passphrase that is easy to guess', async () => {
    const { ann } = await openWithRecords();
    const weak = ann.budget.backup({ passphrase: 'password12' });
    await expect(weak).rejects.toMatchObject({ kind: 'weak_passphrase' });
  });

  it('is refused with a typed error where something else was handed in', async () => {
    const { ann } = await openWithRecords();
    const bytes = new Uint8Array(100);
    const refused = { kind: 'bad_input' };
    await expect(ann.budget.backup({} as never)).rejects.toMatchObject(refused);
    await expect(verifyBackup(bytes, null as never)).rejects.toMatchObject(refused);
    await expect(verifyBackup('file' as never, wrong)).rejects.toMatchObject(refused);
    const mode = 'Replace' as 'replace';
    await expect(ann.budget.restore(bytes, { ...wrong, mode })).rejects.toMatchObject(refused);
  });

  it('brings back what was changed and removed since, for everybody, and leaves what is new', async () => {
    const { world, ann } = await openWithRecords();
    const bytes = await backUp(ann);
    await ann.budget.collection('bills').update('rent', { due: 2 });
    await ann.budget.collection('bills').remove('power');
    await ann.budget.collection('notes').put('n2', { text: 'new' });
    await world.settle();
    const progress: number[] = [];
    const onProgress = (done: number): void => {
      progress.push(done);
    };
    const restored = await ann.budget.restore(bytes, { passphrase, onProgress });
    expect(restored).toEqual({ written: 2, removed: 0, unchanged: 1 });
    expect(progress).toEqual([0, 2]);
    await world.settle();
    const ben = await world.open('ben');
    await world.settle();
    expect(ben.budget.collection('bills').list()).toEqual([
      ['power', { due: 15 }],
      ['rent', { due: 1, payee: 'Canary Homes' }],
    ]);
    expect(ben.budget.collection('notes').list()).toHaveLength(2);
    const before = ann.budget.verifiedState().seq;
    const again = await ann.budget.restore(bytes, { passphrase });
    await world.settle();
    expect([again.written, ann.budget.verifiedState().seq]).toEqual([0, before]);
    const replaced = await ann.budget.restore(bytes, { passphrase, mode: 'replace' });
    expect(replaced).toMatchObject({ written: 0, removed: 1 });
    expect(ann.budget.collection('notes').list()).toHaveLength(1);
  });

  it('goes on where it was stopped, and ends as if it had not been', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann', { online: false });
    const text = 'x'.repeat(90_000);
    for (let id = 0; id < 5; id += 1)
      await ann.budget.collection('notes').put(`n${id}`, { text, id });
    const bytes = await backUp(ann);
    for (let id = 0; id < 5; id += 1) await ann.budget.collection('notes').remove(`n${id}`);
    const stop = new AbortController();
    const onProgress = (done: number): void => {
      if (done > 0) stop.abort();
    };
    const stopped = ann.budget.restore(bytes, { passphrase, onProgress, signal: stop.signal });
    await expect(stopped).rejects.toThrow();
    expect(ann.budget.collection('notes').list()).toHaveLength(2);
    expect(await ann.budget.restore(bytes, { passphrase })).toMatchObject({ written: 3 });
    expect(ann.budget.collection('notes').list()).toHaveLength(5);
  });

  it('goes into another budget only if that is asked for', async () => {
    const { ann } = await openWithRecords();
    const bytes = await backUp(ann);
    const other = new SyncWorld({ seed: 2, budgetId: 'c'.repeat(32) });
    await other.found('cleo');
    const cleo = await other.open('cleo');
    await expect(cleo.budget.restore(bytes, { passphrase })).rejects.toMatchObject({
      kind: 'backup_foreign',
    });
    expect(cleo.budget.collection('bills').list()).toEqual([]);
    await cleo.budget.restore(bytes, { passphrase, allowOtherBudget: true });
    await other.settle();
    expect(cleo.budget.collection('bills').get('power')).toEqual({ due: 15 });
    await other.close();
  });

  it('that is damaged, cut off, forged or newer is refused with the reason and touches nothing', async () => {
    const { ann } = await openWithRecords();
    const bytes = await backUp(ann);
    await ann.budget.collection('bills').remove('rent');
    const before = ann.budget.exportJson();
    const flipped = (at: number): Uint8Array =>
      bytes.map((byte, index) => (index === (at + bytes.length) % bytes.length ? byte ^ 1 : byte));
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), 'backup_damaged'],
      [bytes.slice(0, 20), 'backup_damaged'],
      [bytes.slice(0, -1), 'backup_damaged'],
      [flipped(0), 'backup_damaged'],
      [flipped(16), 'backup_newer'],
      [flipped(40), 'backup_damaged'],
      [flipped(-100), 'backup_damaged'],
      [flipped(-1), 'backup_damaged'],
      [reseal(flipped(-100)), 'backup_damaged'],
      // Another budget's id in the header: the key is bound to it.
      [reseal(flipped(30)), 'wrong_passphrase'],
    ];
    for (const [file, kind] of cases) {
      await expect(ann.budget.restore(file, { passphrase })).rejects.toMatchObject({ kind });
    }
    await expect(ann.budget.restore(bytes, wrong)).rejects.toMatchObject({
      kind: 'wrong_passphrase',
    });
    expect(ann.budget.exportJson()).toBe(before);
  });

  it('is no way for a viewer to write', async () => {
    const { world, ann } = await openWithRecords();
    const bytes = await backUp(ann);
    await world.add(ann, 'vera', 'viewer');
    const vera = await world.open('vera');
    await world.settle();
    await expect(vera.budget.restore(bytes, { passphrase })).rejects.toMatchObject({
      kind: 'access_denied',
    });
  });

  it('of 10,000 records is restored in a few entries', async () => {
    const world = await worlds.found();
    const ann = await world.open('ann', { online: false });
    const put = (from: number): Promise<void> =>
      ann.budget.transact((tx) => {
        for (let id = from; id < from + 2_000; id += 1) {
          tx.collection('notes').put(`note-${id}`, {
            amountMinor: id * 7,
            payee: `Payee ${id % 97}`,
          });
        }
      });
    for (let from = 0; from < 10_000; from += 2_000) await put(from);
    const bytes = await backUp(ann);
    const other = new SyncWorld({ seed: 3, budgetId: 'c'.repeat(32) });
    await other.found('cleo');
    const cleo = await other.open('cleo', { online: false });
    const restored = await cleo.budget.restore(bytes, { passphrase, allowOtherBudget: true });
    expect([restored.written, cleo.budget.pendingEdits]).toEqual([10_000, 3]);
    expect(cleo.budget.collection('notes').list()).toEqual(ann.budget.collection('notes').list());
    await other.close();
  });
});

describe('the plain export', () => {
  it('is JSON of all records', async () => {
    const { ann } = await openWithRecords();
    expect(JSON.parse(ann.budget.exportJson())).toMatchObject({
      format: 'sealsync json',
      collections: { bills: { power: { due: 15 } }, notes: { n1: { text: 'call' } } },
    });
  });
});
