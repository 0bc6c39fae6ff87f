import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateIdentity } from '../crypto/identity.js';
import { loadSodium } from '../crypto/sodium.js';
import { sealStore, type SealedStore } from '../local/sealed-store.js';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import type { LocalStore } from '../ports/local-store.js';
import { describeLocalStore, type LocalStoreFixture } from '../testing/local-store-contract.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { createNodeStore } from './index.js';

const random = createSeededRandom(1);
let folder: string;
let places = 0;

beforeAll(async () => {
  await loadSodium();
  folder = await mkdtemp(join(tmpdir(), 'sealsync-store-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const newPlace = (): string => join(folder, String((places += 1)));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function makeFixture(open: (path: string) => LocalStoreFixture['open']): LocalStoreFixture {
  const path = newPlace();
  return { open: open(path), dispose: () => rm(path, { recursive: true }) };
}

describeLocalStore({ describe, it, expect }, 'Node', () =>
  makeFixture((path) => () => createNodeStore(path)),
);

describeLocalStore({ describe, it, expect }, 'sealed, on Node', () => {
  const identity = generateIdentity('ann', random);
  return makeFixture((path) => async () => sealed(createNodeStore(path), identity));
});

const BUDGET: string = 'a'.repeat(32);

async function sealed(
  raw: LocalStore,
  identity: ReturnType<typeof generateIdentity>,
): Promise<SealedStore> {
  const budgetId: BudgetId = isBudgetId(BUDGET) ? BUDGET : expect.fail('that is a budget id');
  const identities = { newest: identity, all: [identity] };
  const owner = { uid: identity.uid, budgetId };
  const opened = await sealStore(raw, { owner, identities, random });
  return opened.ok ? opened.value : expect.fail(opened.error.message);
}

async function failureOf(store: LocalStore): Promise<string> {
  const listed = await store.list('');
  return listed.ok ? 'none' : `${listed.error.kind}: ${listed.error.message}`;
}

/** A store that holds something, closed. */
async function leaveStore(): Promise<string> {
  const path = newPlace();
  const store = createNodeStore(path);
  for (const name of ['outbox/1', 'outbox/2', 'outbox/3']) {
    const put = new Map([[name, new Uint8Array(200).fill(name.length)]]);
    expect(await store.commit({ put })).toMatchObject({ ok: true });
  }
  await store.close();
  return path;
}

/** All files that hold data, by name. */
async function readFiles(path: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(path)).filter((name) => /^\d+\.(log|ldb)$/.test(name)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name))] as const)),
  );
}

describe('a store on Node', () => {
  it('is in a directory that only its user can look into', async () => {
    const path = join(newPlace(), 'deeper');
    const store = createNodeStore(path);
    await store.get('a');
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('says so where another process has it, and opens once that one has ended', async () => {
    const path = newPlace();
    const writer = startWriter(path);
    await writer.nextBatch();
    const store = createNodeStore(path);
    expect(await failureOf(store)).toMatch(/^unavailable: Another process has/);
    await writer.kill();
    expect(await failureOf(store)).toBe('none');
    await store.close();
  });

  it.each(['a log with another byte', 'no CURRENT'])(
    'is corrupt with %s, and everything stays as it was',
    async (damage) => {
      const path = await leaveStore();
      if (damage === 'no CURRENT') {
        await rm(join(path, 'CURRENT'));
      } else {
        const [log] = [...(await readFiles(path)).keys()].filter((name) => name.endsWith('log'));
        const file = join(path, log ?? expect.fail('there is a log'));
        const bytes = await readFile(file);
        bytes[300] = (bytes[300] ?? 0) ^ 1;
        await writeFile(file, bytes);
      }
      const before = await readFiles(path);
      expect(before.size).toBeGreaterThan(0);
      const store = createNodeStore(path);
      expect(await failureOf(store)).toMatch(/^corrupt: /);
      expect(await store.commit({ put: new Map([['x', text('y')]]) })).toMatchObject({ ok: false });
      await store.close();
      expect(await readFiles(path)).toEqual(before);
    },
  );

  it('opens without the end of a log that was cut off while it was written', async () => {
    const path = await leaveStore();
    const [[name, bytes] = expect.fail('there is a log')] = [...(await readFiles(path))].filter(
      ([each]) => each.endsWith('log'),
    );
    await truncate(join(path, name), bytes.length - 10);
    const store = createNodeStore(path);
    const listed = await store.list('');
    expect(listed.ok && [...listed.value.keys()]).toEqual(['outbox/1', 'outbox/2']);
    await store.close();
  });

  it('is unavailable where its directory cannot be made', async () => {
    const path = newPlace();
    await writeFile(path, 'a file');
    const store = createNodeStore(path);
    expect(await failureOf(store)).toMatch(/^unavailable: The directory .*EEXIST/);
    await rm(path);
    expect(await failureOf(store)).toBe('none');
    await chmod(path, 0o700);
    await store.close();
  });

  it('shows nothing of what was sealed into it, on disk', async () => {
    const path = newPlace();
    const store = await sealed(createNodeStore(path), generateIdentity('ann-the-user', random));
    await store.commit({ put: new Map([['outbox/1', text('Groceries 4711')]]) });
    await store.close();
    const disk = Buffer.concat([...(await readFiles(path)).values()]);
    expect(disk.includes('outbox/1')).toBe(true);
    for (const canary of ['Groceries', '4711', 'ann-the-user', BUDGET]) {
      expect(disk.includes(canary)).toBe(false);
    }
  });

  it('has every batch that was acknowledged, and none by half, whenever the process is killed', async () => {
    const path = newPlace();
    let acknowledged = 0;
    for (let round = 0; round < 10; round += 1) {
      const writer = startWriter(path);
      for (let count = 0; count <= round * 3; count += 1) acknowledged = await writer.nextBatch();
      acknowledged = Math.max(acknowledged, await writer.kill());
      const store = createNodeStore(path);
      const last = await store.get('last');
      const listed = await store.list('batch/');
      await store.close();
      const held = last.ok && last.value ? Number(new TextDecoder().decode(last.value)) : 0;
      // The one that was under way may be there or not.
      expect([acknowledged, acknowledged + 1]).toContain(held);
      const values = listed.ok ? listed.value : new Map<string, Uint8Array>();
      expect(values.size).toBe(held * 5);
      for (const [name, value] of values) {
        const batch = Number(name.split('/')[1]);
        expect(value.length).toBe(batch % 7 === 0 ? 40_000 : 100);
        expect(value.every((byte) => byte === (batch & 255))).toBe(true);
      }
    }
  }, 120_000);
});

interface Writer {
  /** The number of a batch that was acknowledged since the last call. */
  nextBatch(): Promise<number>;
  /** The last that was acknowledged. */
  kill(): Promise<number>;
}

function startWriter(path: string): Writer {
  const script = fileURLToPath(new URL('../testing/write-until-killed.ts', import.meta.url));
  const args = ['--conditions=sealsync-source', '--import', 'tsx', script, path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    nextBatch: async () => {
      const line = await lines.next();
      return line.done === true ? expect.fail('the writer has ended') : Number(line.value);
    },
    kill: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      let last = 0;
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        last = Number(line.value);
      }
      return last;
    },
  };
}
