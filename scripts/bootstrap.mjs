/**
 * First step of `npm run demo`, `npm run bench` and `npm test`: plain Node without dependencies,
 * so that it runs on a fresh clone. Installs what the lockfile names, then hands over to the
 * TypeScript entry.
 *
 * Usage: node scripts/bootstrap.mjs bench|demo|test [arguments for the entry]
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const minNodeMajor = 20;
const entries = {
  bench: 'bench/src/main.ts',
  demo: 'demo/src/main.ts',
  test: 'scripts/run-tests.ts',
};
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Standard output belongs to the entry (`--json`); everything said here goes to standard error. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/**
 * Compares what npm recorded in node_modules with the lockfile, instead of file times, which a
 * checkout or an `npm install` can set either way. Optional packages depend on the platform.
 */
function isInstalled() {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      !path.includes('node_modules/') ||
      entry.optional === true ||
      entry.devOptional === true ||
      entry.peer === true ||
      present[path]?.version === entry.version,
  );
}

function install() {
  say('Installing dependencies (npm ci): the first run takes a minute or two.');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    say('`npm ci` failed: see its message above, check the network, then run the command again.');
    process.exit(1);
  }
}

function run(entry, args) {
  const child = spawn(
    process.execPath,
    ['--conditions=sealsync-source', '--import', 'tsx', join(root, entry), ...args],
    { cwd: root, stdio: 'inherit', env: { INIT_CWD: process.cwd(), ...process.env } },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    say(`Could not start Node: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

const [name, ...args] = process.argv.slice(2);
const entry = Object.hasOwn(entries, name ?? '') ? entries[name] : undefined;
if (entry === undefined) {
  say(`Usage: node scripts/bootstrap.mjs ${Object.keys(entries).join('|')} [arguments]`);
  process.exit(2);
}
if (Number(process.versions.node.split('.')[0]) < minNodeMajor) {
  say(
    `Node ${minNodeMajor} or newer is needed (this is ${process.version}): install it from https://nodejs.org, or run \`nvm install\` in this folder.`,
  );
  process.exit(1);
}
if (!isInstalled()) install();
run(entry, args);
