import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSodium } from '../crypto/sodium.js';
import { createMemoryStore } from '../local/memory-store.js';
import { createNodeStore } from '../node/index.js';
import type { LocalStore } from '../ports/local-store.js';
import { foundWorlds } from '../testing/found-worlds.js';

const worlds = foundWorlds();
beforeAll(loadSodium);
afterEach(() => worlds.closeAll());

const AMOUNT = 471_199;
const CANARIES = ['Bakery Kowalski', 'spending-0815', 'spendings', 'payee', 'amount'];

/** A budget in use: some edits are pushed, some wait, one was taken back, a member compared. */
async function use(store: LocalStore): Promise<readonly string[]> {
  const world = await worlds.found();
  const { budget } = await world.open('ann', { store });
  const spendings = budget.collection('spendings');
  await spendings.put('spending-0815', { payee: 'Bakery Kowalski', amount: AMOUNT });
  await world.settle();
  await world.during(budget.people.markVerified('ben'));
  await world.during(budget.sync.stop());
  await spendings.update('spending-0815', { payee: 'Bakery Kowalski & Sons' });
  await spendings.remove('spending-0815');
  expect(budget.pendingEdits).toBe(2);
  await world.during(budget.close());
  world.devices.pop();
  return [...CANARIES, String(AMOUNT), world.budgetId];
}

/** What base64 makes of it wherever it begins, without what depends on its neighbours. */
const inBase64 = (canary: string): string[] =>
  [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), Buffer.from(canary)]);
    const text = shifted.subarray(0, shifted.length - (shifted.length % 3)).toString('base64');
    return text.slice(offset === 0 ? 0 : 4);
  });

const spell = (canary: string): Buffer[] => [
  Buffer.from(canary),
  Buffer.from(canary, 'utf16le'),
  Buffer.from(Buffer.from(canary).toString('hex')),
  ...inBase64(canary).map((text) => Buffer.from(text)),
];

function expectNothingOf(canaries: readonly string[], kept: Buffer): void {
  for (const canary of canaries) {
    for (const spelling of spell(canary)) {
      expect([canary, kept.includes(spelling)]).toEqual([canary, false]);
    }
  }
  const amount = Buffer.alloc(4);
  amount.writeUInt32BE(AMOUNT);
  expect(kept.includes(amount)).toBe(false);
  // The search can find: what is not sealed is there.
  expect(kept.includes('SEALSTOR')).toBe(true);
  expect(kept.includes('outbox/')).toBe(true);
}

describe('who gets hold of what a device keeps', () => {
  it('reads nothing of a budget in it', async () => {
    const contents = new Map<string, Uint8Array>();
    const canaries = await use(createMemoryStore(contents));
    const kept = [...contents].flatMap(([name, value]) => [Buffer.from(name), value]);
    expectNothingOf(canaries, Buffer.concat(kept));
  });

  it('reads nothing of a budget on disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sealsync-kept-'));
    try {
      const canaries = await use(createNodeStore(folder));
      const files = (await readdir(folder)).map((name) => readFile(join(folder, name)));
      expectNothingOf(canaries, Buffer.concat(await Promise.all(files)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
