import type { CreateSyncOptions } from './create-sync.js';
import { SealsyncError } from './errors.js';
import { checkSignalingUrl } from './signaling/signaling-url.js';
import { platformWebSocket } from './signaling/web-socket-link.js';

/** What has to be there, for those who call without types. */
const REQUIRED = ['firebase', 'user', 'identity'] as const;

/**
 * Refuses what could only fail later, when a budget has been created already. Throws
 * `bad_config`.
 */
export function checkSyncOptions(options: CreateSyncOptions): void {
  const given: unknown = options;
  if (!isObject(given)) throw new SealsyncError('bad_config', 'createSync takes an object.');
  for (const name of REQUIRED) {
    if (isObject(Reflect.get(given, name))) continue;
    throw new SealsyncError('bad_config', `createSync needs the option ${name}.`);
  }
  const { signaling, webSocket } = options;
  if (!signaling) return;
  checkSignalingUrl(signaling.url, false);
  if (!webSocket) platformWebSocket();
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
