import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { EmulatorStartError } from '../scripts/emulators/supervised.js';
import { startEmulators } from '../scripts/emulators/start-emulators.js';
import type { EmulatorHosts } from './setup/emulators.js';
import { listDescendants, listRunning } from './setup/processes.js';

const script = fileURLToPath(new URL('./setup/start-and-wait.ts', import.meta.url));
let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
});

async function startInChild(): Promise<{
  child: ChildProcess;
  hosts: EmulatorHosts;
  pids: number[];
}> {
  const args = ['--conditions=sealsync-source', '--import', 'tsx', script];
  const started = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child = started;
  const lines = createInterface({ input: started.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const hosts = JSON.parse(line) as EmulatorHosts;
  return { child: started, hosts, pids: listDescendants(started.pid ?? -1) };
}

async function canConnect(host: string): Promise<boolean> {
  const port = Number(host.split(':')[1]);
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function expectNothingLeft(hosts: EmulatorHosts, pids: readonly number[]): Promise<void> {
  await expect.poll(() => listRunning(pids), { timeout: 20_000, interval: 100 }).toEqual([]);
  expect(await canConnect(hosts.firestoreHost)).toBe(false);
  expect(await canConnect(hosts.authHost)).toBe(false);
}

describe('emulator launcher', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'leaves no process and no port behind when its process gets %s',
    async (signal) => {
      const { child: started, hosts, pids } = await startInChild();
      // The supervisor, firebase-tools and Java: fewer would prove nothing.
      expect(pids.length).toBeGreaterThanOrEqual(3);
      expect(await canConnect(hosts.firestoreHost)).toBe(true);
      const exited = once(started, 'exit');
      started.kill(signal);
      expect(await exited).toEqual([null, signal]);
      await expectNothingLeft(hosts, pids);
    },
  );

  it('has ended everything once stop() resolves, and lets its process end', async () => {
    const { child: started, hosts, pids } = await startInChild();
    const exited = once(started, 'exit');
    started.stdin?.write('stop\n');
    expect(await exited).toEqual([0, null]);
    expect(listRunning(pids)).toEqual([]);
    await expectNothingLeft(hosts, pids);
  });

  it('gives up when told to, so that Ctrl-C during a download is obeyed', async () => {
    const controller = new AbortController();
    const starting = startEmulators({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
  });

  it('says so where there are no rules', async () => {
    const starting = startEmulators({ rulesPath: '/nonexistent/firestore.rules' });
    await expect(starting).rejects.toThrow(EmulatorStartError);
  });
});
