import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSync, type Budget, type Identity } from '@sealsync/sdk';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeStore } from '@sealsync/sdk/node';
import { generateIdentity } from '../../sdk/src/crypto/identity.js';
import { loadSodium } from '../../sdk/src/crypto/sodium.js';
import { createSeededRandom } from '../../sdk/src/testing/seeded-random.js';
import type { SignedInPerson } from '../log/signed-in-person.js';
import { newAccount, signIn } from '../people/sign-in.js';
import { readEmulatorHosts } from '../setup/emulators.js';
import type { EditorTask, Shapes } from './doomed-editor.js';

/*
 * Two devices of one user, whose processes are killed by SIGKILL again and again at moments
 * that a seed draws: while they start, and while they edit. Each goes on from its directory.
 * `SEALSYNC_KILLS=200` for a night.
 */

const KILLS = Number(process.env['SEALSYNC_KILLS'] ?? 40);
const SEED = Number(process.env['FAULT_SEED'] ?? 1);
const IDENTITY_SEED = 7;
const DEVICES = 2;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Where Node finds the packages that are not bundled. */
const BUNDLE = join(ROOT, '.cache', 'doomed-editor.mjs');

const account = newAccount();
let session: SignedInPerson;
let identity: Identity;
let directories: string;

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('doomed-editor.ts', import.meta.url))],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['sealsync-source'],
    external: ['classic-level'],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  });
  directories = await mkdtemp(join(tmpdir(), 'sealsync-killed-'));
  session = await signIn(readEmulatorHosts(), account, { isNew: true });
  await loadSodium();
  identity = generateIdentity(session.uid, createSeededRandom(IDENTITY_SEED));
});
afterAll(async () => {
  await session.close();
  await rm(directories, { recursive: true });
});

const directoryOf = (device: number): string => join(directories, String(device));

async function openAt<T>(
  directory: string,
  use: (budget: Budget<Shapes>) => Promise<T>,
  id?: string,
) {
  const { app: firebase, user } = session;
  const openStore = (): ReturnType<typeof createNodeStore> => createNodeStore(directory);
  const sync = await createSync({ firebase, user, identity, openStore });
  try {
    const opened = id ? sync.openBudget<Shapes>(id) : sync.createBudget<Shapes>();
    return await use(await opened);
  } finally {
    await sync.close();
  }
}

/** What all processes together have begun, and have been promised. */
const tried = new Set<string>();
const promised = new Set<string>();
const printed: string[] = [];

/** Starts a process and kills it, after so many promises and a moment more. */
async function killOne(task: EditorTask, promises: number, momentMs: number): Promise<void> {
  const child = spawn(process.execPath, [BUNDLE, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const closed = once(lines, 'close');
  let left = promises;
  const enough = new Promise<void>((resolve) => {
    if (left === 0) resolve();
    lines.on('line', (line) => {
      const [word, id = ''] = line.split(' ');
      if (word === 'try') tried.add(id);
      else if (word === 'ack') {
        promised.add(id);
        left -= 1;
        if (left <= 0) resolve();
      } else printed.push(line);
    });
  });
  await Promise.race([enough, ended]);
  await pause(momentMs);
  child.kill('SIGKILL');
  const [code, killedBy] = (await ended) as [number | null, string | null];
  await closed;
  if (killedBy !== 'SIGKILL') printed.push(`ended by itself with ${String(code)}`);
}

describe('devices that are killed again and again', () => {
  it(
    `keep every edit that was promised, and count none twice: ${String(KILLS)} kills, seed ${String(SEED)}`,
    async () => {
      const budgetId = await openAt(join(directories, 'founder'), async (budget) => {
        await budget.collection('sums').put('all', { amount: 0 });
        await budget.sync.syncNow();
        return budget.id;
      });
      const random = createSeededRandom(SEED);
      const upTo = (count: number): number => Math.floor(random.fraction() * count);
      const plans = Array.from({ length: KILLS }, (_, kill) => {
        // Every fifth dies while it starts.
        const isEarly = kill % 5 === 4;
        return { kill, promises: isEarly ? 0 : 1 + upTo(20), momentMs: upTo(isEarly ? 600 : 60) };
      });
      await Promise.all(
        Array.from({ length: DEVICES }, async (_, device) => {
          for (const { kill, promises, momentMs } of plans) {
            if (kill % DEVICES !== device) continue;
            const task: EditorTask = {
              hosts: readEmulatorHosts(),
              account,
              identitySeed: IDENTITY_SEED,
              budgetId,
              directory: directoryOf(device),
              name: String(kill),
            };
            await killOne(task, promises, momentMs);
          }
        }),
      );
      // Whatever a device still holds goes out when it is opened for the last time.
      for (let device = 0; device < DEVICES; device += 1) {
        await openAt(directoryOf(device), (budget) => budget.sync.syncNow(), budgetId);
      }
      const { sum, held } = await openAt(
        join(directories, 'witness'),
        async (budget) => ({
          sum: budget.collection('sums').get('all')?.amount,
          held: new Map(budget.collection('edits').list()),
        }),
        budgetId,
      );
      expect(printed).toEqual([]);
      expect(promised.size).toBeGreaterThan(KILLS);
      expect([...promised].filter((id) => !held.has(id))).toEqual([]);
      expect([...held.keys()].filter((id) => !tried.has(id))).toEqual([]);
      // Each edit adds what its record says, so the sum tells whether one counted twice.
      expect(sum).toBe([...held.values()].reduce((total, { amount }) => total + amount, 0));
    },
    KILLS * 15_000,
  );
});
