import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseJavaMajor } from './java-version.js';

/** A program that a suite or the demo needs, or one sentence saying what to install and how. */
export type Prerequisite = { found: true; path: string } | { found: false; sentence: string };

type Env = Readonly<Record<string, string | undefined>>;

/** firebase-tools 15 refuses older ones. */
const minJavaMajor = 21;

/** Java for the Firebase emulators: JAVA_HOME, then PATH, then the folders where JDKs live. */
export function findJava(
  env: Env = process.env,
  javaHomes: readonly string[] = listJavaHomes(),
): Prerequisite {
  const javaHome = env['JAVA_HOME'];
  const candidates = [
    ...(javaHome ? [join(javaHome, 'bin', 'java')] : []),
    ...listOnPath('java', env),
    ...javaHomes.map((home) => join(home, 'bin', 'java')),
  ];
  const tooOld = new Set<number>();
  for (const path of resolveExecutables(candidates)) {
    const major = readJavaMajor(path);
    if (major === undefined) continue;
    if (major >= minJavaMajor) return { found: true, path };
    tooOld.add(major);
  }
  const seen = tooOld.size === 0 ? 'none found' : `found only ${[...tooOld].join(' and ')}`;
  return {
    found: false,
    sentence:
      `The Firebase emulators need Java ${minJavaMajor} or newer (${seen}): install one, for ` +
      `example with \`apt install openjdk-${minJavaMajor}-jre-headless\` or ` +
      `\`brew install openjdk@${minJavaMajor}\`, or from https://adoptium.net, or set JAVA_HOME.`,
  };
}

/** Chromium or Chrome for the browser suites: CHROMIUM_PATH, then PATH, then macOS applications. */
export function findChromium(env: Env = process.env): Prerequisite {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const given = env['CHROMIUM_PATH'];
  const [path] = resolveExecutables([
    ...(given ? [given] : []),
    ...names.flatMap((name) => listOnPath(name, env)),
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]);
  if (path !== undefined) return { found: true, path };
  return {
    found: false,
    sentence:
      'The browser suites need Chromium: install it, for example with `apt install chromium` or ' +
      '`brew install --cask chromium`, or set CHROMIUM_PATH.',
  };
}

/** A Redis server for the suites with several signaling instances: REDIS_SERVER_PATH, then PATH. */
export function findRedis(env: Env = process.env): Prerequisite {
  const given = env['REDIS_SERVER_PATH'];
  const [path] = resolveExecutables([
    ...(given ? [given] : []),
    ...['redis-server', 'valkey-server'].flatMap((name) => listOnPath(name, env)),
  ]);
  if (path !== undefined) return { found: true, path };
  return {
    found: false,
    sentence:
      'The suites with several signaling instances need a Redis server: install it, for example ' +
      'with `apt install redis-server` or `brew install redis`, or set REDIS_SERVER_PATH.',
  };
}

/** Where a program of this name stands on PATH, in its order. */
export function listOnPath(name: string, env: Env = process.env): string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name));
}

/** Real paths of the candidates that can be executed, each once. */
export function resolveExecutables(candidates: readonly string[]): string[] {
  const found = new Set<string>();
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      found.add(realpathSync(candidate));
    } catch {
      // Not there, or not ours to run: the next candidate may be.
    }
  }
  return [...found];
}

function readJavaMajor(path: string): number | undefined {
  const run = spawnSync(path, ['-version'], { encoding: 'utf8', timeout: 20_000 });
  return run.status === 0 ? parseJavaMajor(`${run.stderr}${run.stdout}`) : undefined;
}

function listJavaHomes(): string[] {
  const brew = 'libexec/openjdk.jdk/Contents/Home';
  return [
    ...listFolders('/usr/lib/jvm'),
    ...listFolders('/Library/Java/JavaVirtualMachines').map((path) => join(path, 'Contents/Home')),
    ...listFolders(join(homedir(), '.sdkman/candidates/java')),
    ...['/opt/homebrew/opt', '/usr/local/opt'].flatMap((folder) =>
      listFolders(folder)
        .filter((path) => path.startsWith(join(folder, 'openjdk')))
        .map((path) => join(path, brew)),
    ),
  ];
}

function listFolders(parent: string): string[] {
  try {
    return readdirSync(parent).map((name) => join(parent, name));
  } catch {
    return [];
  }
}
