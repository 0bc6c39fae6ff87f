import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Leadership, TabChannel, TabGroup, TabMessage } from '../ports/tab-group.js';
import { readTabMessage } from './tab-message.js';

/**
 * The tabs that have `name` open, found by the Web Locks API and BroadcastChannel; `undefined`
 * where the platform lacks one of them. Neither name shows what it stands for.
 */
export function openBrowserTabs(name: string): TabGroup | undefined {
  const locks = 'navigator' in globalThis ? navigator.locks : undefined;
  const channel = openBrowserChannel(name);
  // It is missing on pages that were loaded without TLS, whatever the types say.
  if (!channel || !isThere(locks)) {
    channel?.close();
    return undefined;
  }
  const lockName = hideName(name);
  return {
    ...channel,
    lead: (signal, how = 'wait') => requestLock(locks, lockName, signal, how === 'steal'),
  };
}

/** Reaches the other tabs that opened a channel of this name. */
export function openBrowserChannel(name: string): TabChannel | undefined {
  if (!('BroadcastChannel' in globalThis)) return undefined;
  const channel = new BroadcastChannel(hideName(name));
  const listeners = new Set<(message: TabMessage) => void>();
  let isOpen = true;
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = readTabMessage(data);
    if (message && isOpen) for (const listener of [...listeners]) listener(message);
  };
  return {
    tell: (message) => {
      if (isOpen) channel.postMessage(message);
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      isOpen = false;
      channel.close();
    },
  };
}

const isThere = (locks: LockManager | undefined): locks is LockManager => locks !== undefined;

function requestLock(
  locks: LockManager,
  name: string,
  signal: AbortSignal,
  steals: boolean,
): Promise<Leadership> {
  return new Promise((resolve, reject) => {
    const lost = new AbortController();
    const hold = (): Promise<void> =>
      new Promise((release) => {
        resolve({ lost: lost.signal, release });
      });
    // A request cannot both steal and be given up; one that steals is granted at once.
    locks.request(name, steals ? { steal: true } : { signal }, hold).catch((error: unknown) => {
      lost.abort();
      reject(error instanceof Error ? error : new Error('no lock was granted'));
    });
  });
}

/** Other scripts of the origin see these names. */
const hideName = (name: string): string =>
  `sealsync-${bytesToHex(sha256(utf8ToBytes(`sealsync.v1 tabs ${name}`))).slice(0, 32)}`;
