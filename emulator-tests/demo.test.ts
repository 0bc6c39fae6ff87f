import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bootstrap = fileURLToPath(new URL('../scripts/bootstrap.mjs', import.meta.url));
const header = 'date,account,payee,category,memo,amount';
const good = '2016-02-29,Checking,Kin Soy,Food,Lunch,-40.93';
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealsync-demo-test-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** With it the emulators cannot start, so whatever starts them fails with another exit code. */
const noEmulator = { FIRESTORE_EMULATOR_BINARY_PATH: '/nonexistent/emulator.jar' };

/** Runs the demo as `npm run demo -- ...` does, called from `folder`, with its temporary files there. */
async function runDemo(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{
  exitCode: unknown;
  stdout: string;
  stderr: string;
}> {
  const child = spawn(process.execPath, [bootstrap, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, INIT_CWD: folder, TMPDIR: folder, ...env },
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { exitCode, stdout, stderr };
}

const readResult = (stdout: string): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;

async function listEmulatorFolders(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('sealsync-'));
}

describe('the headless demo', () => {
  const count = expect.any(Number) as number;

  it('brings two people to the same, right budget and says so in one line of JSON', async () => {
    const { exitCode, stdout, stderr } = await runDemo(['--headless', '--json']);
    expect(stderr).toBe('');
    const result = readResult(stdout);
    expect(result).toEqual({
      records: 314,
      people: 2,
      converged: true,
      firestore: { reads: count, writes: count, deletes: 0, rulesReads: count },
      signals: { count, maxBytes: count },
      conflicts: 1,
      editToPeerMs: { p50: count, p99: count },
    });
    const { firestore, signals } = result as Record<string, Record<string, number>>;
    expect(firestore?.['reads']).toBeLessThanOrEqual(40);
    expect(firestore?.['writes']).toBeLessThanOrEqual(40);
    expect(firestore?.['rulesReads']).toBeGreaterThan(0);
    // The edits that are made one by one are not among them: those alone cause a hundred.
    expect(signals?.['count']).toBeGreaterThan(10);
    expect(signals?.['count']).toBeLessThan(100);
    expect(signals?.['maxBytes']).toBeLessThanOrEqual(200);
    expect(exitCode).toBe(0);
    expect(await listEmulatorFolders()).toEqual([]);
  }, 180_000);

  it('lets three people in by links, and proves the one out who is removed', async () => {
    const { exitCode, stdout, stderr } = await runDemo(['--people', '3', '--json']);
    expect(stderr).toBe('');
    expect(readResult(stdout)).toMatchObject({
      records: 314,
      people: 3,
      converged: true,
      conflicts: 1,
      signals: { count, maxBytes: count },
      removed: {
        person: 'Cleo',
        role: 'viewer',
        told: true,
        denied: true,
        keepsEarlier: true,
        opensLater: false,
        othersConverged: true,
      },
    });
    expect(exitCode).toBe(0);
    expect(await listEmulatorFolders()).toEqual([]);
  }, 180_000);

  it.each<[string, readonly string[], RegExp]>([
    ['a missing column', [header.replace(',memo', ''), good], /line 1: .*memo/],
    ['a bad date', [header, good, good.replace('2016', '2015')], /line 3: .*2015-02-29/],
    ['three decimals', [header, good.replace('-40.93', '1.999')], /line 2: .*1\.999/],
    ['a lone quote', [header, good, good.replace('Kin', '"Kin')], /line 3: .*quote/],
    ['no rows', [header], /line 1: .*no rows/],
  ])('refuses a file with %s as a whole and starts nothing', async (_what, lines, reason) => {
    const path = join(folder, 'bank.csv');
    await writeFile(path, `${lines.join('\n')}\n`);
    try {
      const { exitCode, stdout, stderr } = await runDemo(
        ['--import', 'bank.csv', '--json'],
        noEmulator,
      );
      expect(stderr).toMatch(reason);
      expect(stdout).toBe('');
      expect(exitCode).toBe(2);
    } finally {
      await rm(path);
    }
  });

  it('fails, and cleans up, where the emulators cannot start', async () => {
    const { exitCode, stdout, stderr } = await runDemo(['--json'], noEmulator);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('/nonexistent/emulator.jar');
    expect(await listEmulatorFolders()).toEqual([]);
  });

  it('explains an unknown option, a number of people, and a file that is not there', async () => {
    const unknown = await runDemo(['--jsno'], noEmulator);
    expect([unknown.exitCode, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain('--jsno');
    const alone = await runDemo(['--people', '1'], noEmulator);
    expect([alone.exitCode, alone.stdout]).toEqual([2, '']);
    expect(alone.stderr).toContain('--people takes a whole number from 2 to 8');
    const missing = await runDemo(['--import', 'nowhere.csv'], noEmulator);
    expect([missing.exitCode, missing.stdout]).toEqual([2, '']);
    expect(missing.stderr).toContain('nowhere.csv');
  });
});
