import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listDescendants, listRunning } from '../setup/processes.js';

const script = fileURLToPath(new URL('./setup/open-and-wait.ts', import.meta.url));
let child: ChildProcess | undefined;
/** Whoever is killed cannot remove the browser's profile. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealsync-browser-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function openInChild(): Promise<{ child: ChildProcess; pids: number[] }> {
  const args = ['--conditions=sealsync-source', '--import', 'tsx', script];
  const started = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  child = started;
  await once(started.stdout, 'data');
  const pids = listDescendants(started.pid ?? -1);
  // The browser and the process of its page: fewer would prove nothing.
  expect(pids.length).toBeGreaterThanOrEqual(2);
  return { child: started, pids };
}

describe('the browser of a suite', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'is gone when its process gets %s',
    async (signal) => {
      const { child: started, pids } = await openInChild();
      const exited = once(started, 'exit');
      started.kill(signal);
      expect(await exited).toEqual([null, signal]);
      await expect.poll(() => listRunning(pids), { timeout: 20_000, interval: 100 }).toEqual([]);
    },
  );

  it('is gone once it is closed, and lets its process end', async () => {
    const { child: started, pids } = await openInChild();
    const exited = once(started, 'exit');
    started.stdin?.write('close\n');
    expect(await exited).toEqual([0, null]);
    expect(listRunning(pids)).toEqual([]);
  });
});
