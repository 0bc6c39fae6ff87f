/**
 * Packs each published workspace as npm would and checks the tarball: publint for its manifest,
 * are-the-types-wrong for what TypeScript sees from an importing project.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const workspaces = ['protocol', 'sdk', 'signaling-server'];

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function checkWorkspace(workspace: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sealsync-pack-'));
  try {
    if (!run('npm', ['pack', '--silent', '-w', workspace, '--pack-destination', folder]))
      return false;
    const tarball = join(folder, readdirSync(folder).at(0) ?? '');
    const manifestIsGood = run('npx', ['publint', '--strict', tarball]);
    const typesAreGood = run('npx', ['attw', tarball, '--profile', 'esm-only']);
    return manifestIsGood && typesAreGood;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const failed = workspaces.filter((workspace) => !checkWorkspace(workspace));
for (const workspace of failed)
  console.error(`The package in ${workspace}/ is not fit to publish.`);
process.exitCode = failed.length === 0 ? 0 : 1;
