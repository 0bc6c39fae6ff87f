import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CLOSE_CODES } from '@sealsync/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestClient } from './testing/test-client.js';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

function startCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(
    process.execPath,
    ['--conditions=sealsync-source', '--import', 'tsx', MAIN, ...args],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

describe('sealsync-signaling', { timeout: 30_000 }, () => {
  it('serves until SIGTERM, then tells its clients and exits with 0', async () => {
    const child = startCli(['--project', 'demo-sealsync', '--port', '0', '--host', '127.0.0.1'], {
      // Never contacted: a malformed token is refused before the emulator is asked about its user.
      FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9',
    });
    const exited = once(child, 'exit');
    const lines = createInterface(child.stdout);
    const [line] = (await once(lines, 'line')) as [string];
    const { message, port } = JSON.parse(line) as { message: string; port: number };
    expect(message).toBe('listening');

    expect((await fetch(`http://127.0.0.1:${String(port)}/readyz`)).status).toBe(200);
    const client = TestClient.withToken(port, 'no-token');
    expect((await client.closed).code).toBe(CLOSE_CODES.unauthenticated.code);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('exits with 2 and one sentence when used wrongly', async () => {
    const child = startCli(['--port', '0'], { FIREBASE_PROJECT_ID: '' });
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(code).toBe(2);
    expect(stderr).toContain('--project');
  });

  it('exits with 2 beside an emulator in production', async () => {
    const child = startCli(['--project', 'demo-sealsync', '--port', '0'], {
      NODE_ENV: 'production',
      FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099',
    });
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(code).toBe(2);
    expect(stderr).toContain('FIREBASE_AUTH_EMULATOR_HOST');
  });

  it('prints its help and exits with 0', async () => {
    const child = startCli(['--help']);
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(code).toBe(0);
    expect(stdout).toContain('--port');
  });
});
