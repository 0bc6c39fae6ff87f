import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listOnPath, resolveExecutables } from '../prerequisites.js';
import { buildManifestJar } from './manifest-jar.js';

const jarInCloudCli = 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar';
const mainClass = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';

/**
 * Path of an installed Firestore emulator that firebase-tools can start with `java -jar`, or
 * undefined where there is none and firebase-tools has to download its own. Looks at
 * FIRESTORE_EMULATOR_BINARY_PATH, the Google Cloud CLI, and the cache of firebase-tools.
 * @param workDir where a small jar may be written that starts the one of the Google Cloud CLI
 */
export function prepareFirestoreJar(workDir: string): string | undefined {
  const given = process.env['FIRESTORE_EMULATOR_BINARY_PATH'];
  if (given) return given;
  const cloudCliJar = findCloudCliJar();
  if (cloudCliJar === undefined) return findCachedJar();
  const starter = join(workDir, 'firestore-emulator.jar');
  writeFileSync(starter, buildManifestJar(mainClass, pathToFileURL(cloudCliJar)));
  return starter;
}

function findCloudCliJar(): string | undefined {
  const [gcloud] = resolveExecutables(listOnPath('gcloud'));
  const commonRoots = [
    ...(gcloud === undefined ? [] : [dirname(dirname(gcloud))]),
    join(homedir(), 'google-cloud-sdk'),
    '/usr/lib/google-cloud-sdk',
    '/usr/local/google-cloud-sdk',
    '/opt/google-cloud-sdk',
    '/opt/homebrew/share/google-cloud-sdk',
    '/snap/google-cloud-sdk/current',
  ];
  const found = commonRoots.map((root) => join(root, jarInCloudCli)).find(existsSync);
  if (found !== undefined || gcloud === undefined) return found;
  // Asked last: `gcloud` takes a second or more to answer.
  const asked = spawnSync(gcloud, ['info', '--format=value(installation.sdk_root)'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const jar = join(asked.status === 0 ? asked.stdout.trim() : '/nonexistent', jarInCloudCli);
  return existsSync(jar) ? jar : undefined;
}

function findCachedJar(): string | undefined {
  const cache =
    process.env['FIREBASE_EMULATORS_PATH'] ?? join(homedir(), '.cache/firebase/emulators');
  if (!existsSync(cache)) return undefined;
  return readdirSync(cache)
    .filter((name) => /^cloud-firestore-emulator-v.*\.jar$/.test(name))
    .map((name) => join(cache, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
    .at(0);
}
