import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJava } from '../prerequisites.js';
import { prepareFirestoreJar } from './firestore-jar.js';
import { findFreePorts } from './free-ports.js';
import { EmulatorStartError, superviseEmulators, type Supervised } from './supervised.js';

/** A `demo-` project: firebase-tools then never contacts the real services. */
export const emulatorProjectId = 'demo-sealsync';

const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));
const host = '127.0.0.1';

export interface StartEmulatorsOptions {
  /** Gives up starting; once started, call `stop()`. */
  signal?: AbortSignal;
  /** Security rules to load; the repository's `firestore.rules` unless told. */
  rulesPath?: string;
  /** How long the start may take, a first download included. Default 180,000. */
  startTimeoutMs?: number;
}

export interface Emulators {
  projectId: string;
  /** `127.0.0.1:port` */
  firestoreHost: string;
  /** `127.0.0.1:port`, without a scheme */
  authHost: string;
  /** Ends every process that was started and removes its files. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts the Firestore and Auth emulators on free ports of loopback (Linux and macOS). They end
 * with `stop()`, and also when this process exits, is interrupted, crashes or is killed.
 * @throws {EmulatorStartError} with one sentence on what to install, or with the emulators' output
 */
export async function startEmulators(options: StartEmulatorsOptions = {}): Promise<Emulators> {
  const java = findJava();
  if (!java.found) throw new EmulatorStartError(java.sentence);
  const rulesPath = options.rulesPath ?? join(repositoryRoot, 'firestore.rules');
  if (!existsSync(rulesPath)) throw new EmulatorStartError(`There are no rules at ${rulesPath}.`);
  try {
    return await startOnce(java.path, rulesPath, options);
  } catch (error) {
    if (!(error instanceof EmulatorStartError && error.portTaken)) throw error;
    // Another process was faster to a port that was free a moment ago.
    return startOnce(java.path, rulesPath, options);
  }
}

async function startOnce(
  javaPath: string,
  rulesPath: string,
  options: StartEmulatorsOptions,
): Promise<Emulators> {
  options.signal?.throwIfAborted();
  const workDir = realpathSync(mkdtempSync(join(tmpdir(), 'sealsync-emulators-')));
  let supervised: Supervised;
  let ports: EmulatorPorts;
  try {
    ports = await choosePorts();
    copyFileSync(rulesPath, join(workDir, 'firestore.rules'));
    writeFileSync(join(workDir, 'firebase.json'), JSON.stringify(buildConfig(ports)));
    supervised = await superviseEmulators({
      workDir,
      command: buildCommand(workDir),
      env: buildEnv(javaPath, workDir),
      startTimeoutMs: options.startTimeoutMs ?? 180_000,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    rmSync(workDir, { recursive: true, force: true });
    throw error;
  }
  return {
    projectId: emulatorProjectId,
    firestoreHost: `${host}:${ports.firestore}`,
    authHost: `${host}:${ports.auth}`,
    stop: () => supervised.stop(),
  };
}

interface EmulatorPorts {
  auth: number;
  firestore: number;
  websocket: number;
  hub: number;
  logging: number;
}

async function choosePorts(): Promise<EmulatorPorts> {
  const ports = await findFreePorts(5);
  const [auth = 0, firestore = 0, websocket = 0, hub = 0, logging = 0] = ports;
  return { auth, firestore, websocket, hub, logging };
}

function buildConfig(ports: EmulatorPorts): object {
  return {
    firestore: { rules: 'firestore.rules' },
    emulators: {
      auth: { host, port: ports.auth },
      firestore: { host, port: ports.firestore, websocketPort: ports.websocket },
      hub: { host, port: ports.hub },
      logging: { host, port: ports.logging },
      ui: { enabled: false },
      singleProjectMode: true,
    },
  };
}

function buildCommand(workDir: string): string[] {
  const require = createRequire(import.meta.url);
  const cli = join(dirname(require.resolve('firebase-tools/package.json')), 'lib/bin/firebase.js');
  const config = join(workDir, 'firebase.json');
  const only = ['--only', 'auth,firestore', '--project', emulatorProjectId];
  return [process.execPath, cli, 'emulators:start', '--config', config, ...only];
}

/** Quiet, without the developer's own Firebase settings, and without a call to the network. */
function buildEnv(javaPath: string, workDir: string): NodeJS.ProcessEnv {
  const jar = prepareFirestoreJar(workDir);
  const env = { ...process.env };
  // What the caller runs Node with (loaders, conditions, inspectors) is not meant for firebase-tools.
  delete env['NODE_OPTIONS'];
  return {
    ...env,
    CI: 'true',
    NO_UPDATE_NOTIFIER: '1',
    NODE_NO_WARNINGS: '1',
    XDG_CONFIG_HOME: workDir,
    TMPDIR: workDir,
    PATH: `${dirname(javaPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    ...(jar === undefined ? {} : { FIRESTORE_EMULATOR_BINARY_PATH: jar }),
  };
}
