import { inject } from 'vitest';

/** Where the emulators of this run listen. */
export interface EmulatorHosts {
  projectId: string;
  /** `127.0.0.1:port` */
  firestoreHost: string;
  /** `127.0.0.1:port`, without a scheme */
  authHost: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    emulators: EmulatorHosts;
  }
}

/**
 * The emulators that every file of the `emulators` project shares, with the repository's rules
 * loaded. Files stay apart by using budget ids and users of their own. They do not load rules and
 * do not clear the project: the first would discard the rules' coverage, the second each other's
 * documents.
 */
export function readEmulatorHosts(): EmulatorHosts {
  return inject('emulators');
}

/** The Firestore emulator's host and port apart, as `connectFirestoreEmulator` takes them. */
export function readFirestoreAddress(): { host: string; port: number } {
  const [host = '', port = ''] = readEmulatorHosts().firestoreHost.split(':');
  return { host, port: Number(port) };
}

/** The Auth emulator's URL, as `connectAuthEmulator` takes it. */
export function readAuthUrl(): string {
  return `http://${readEmulatorHosts().authHost}`;
}
