import { SealsyncError } from '../errors.js';
import { checkTuning, TUNABLES, tuningNames } from './settings.js';
import type { SignalingTuning, TuningName } from './settings.js';
import { checkSignalingUrl } from './signaling-url.js';

export type SignalingConfig = { readonly url: string; readonly allowInsecureUrl: boolean } & {
  readonly [N in keyof SignalingTuning]?: number;
};

/** `import.meta.env` of Vite and `process.env` of Node fit. */
export type Environment = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Reads `VITE_WEBSOCKET_URL` and its companions (see docs). Undefined means: no
 * signaling, sync periodically; that is so when `VITE_WEBSOCKET_ENABLED` is `false`
 * or no URL is set. Throws `bad_config` naming the variable that makes no sense.
 */
export function signalingConfigFromEnv(env: Environment): SignalingConfig | undefined {
  const url = readText(env, 'VITE_WEBSOCKET_URL');
  const isEnabled = readFlag(env, 'VITE_WEBSOCKET_ENABLED', true);
  if (!isEnabled || url === undefined) return undefined;
  const allowInsecureUrl = readFlag(env, 'VITE_WEBSOCKET_ALLOW_INSECURE', false);
  const tuning: Partial<Record<TuningName, number>> = {};
  for (const name of tuningNames()) {
    const { variable } = TUNABLES[name];
    const text = readText(env, variable);
    if (text === undefined) continue;
    const value = /^\d+$/.test(text) ? Number(text) : undefined;
    checkTuning(name, value, variable);
    if (value !== undefined) tuning[name] = value;
  }
  return { url: checkSignalingUrl(url, allowInsecureUrl), allowInsecureUrl, ...tuning };
}

function readText(env: Environment, variable: string): string | undefined {
  const value = env[variable];
  if (value === undefined) return undefined;
  return String(value).trim() || undefined;
}

function readFlag(env: Environment, variable: string, byDefault: boolean): boolean {
  const text = readText(env, variable)?.toLowerCase();
  if (text === undefined) return byDefault;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new SealsyncError('bad_config', `Set ${variable} to true or false.`);
}
