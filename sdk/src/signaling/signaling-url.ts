import { SealsyncError } from '../errors.js';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The address of a signaling server, checked. The ID token crosses that wire, so
 * `ws://` is for this machine alone unless `allowInsecure` says otherwise.
 * Throws `bad_config`.
 */
export function checkSignalingUrl(text: string, allowInsecure: boolean): string {
  const url = parseUrl(text);
  if (!url || (url.protocol !== 'wss:' && url.protocol !== 'ws:')) {
    throw badUrl('must be an absolute wss:// address');
  }
  if (url.username || url.password) throw badUrl('must not contain a user name or password');
  if (text.includes('#')) throw badUrl('must not contain a fragment');
  if (url.protocol === 'ws:' && !allowInsecure && !LOOPBACK.test(url.hostname)) {
    throw badUrl(
      'must be wss://, because ID tokens travel over it (allowInsecureUrl is for trials on a private network)',
    );
  }
  return url.href;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const badUrl = (what: string): SealsyncError =>
  new SealsyncError('bad_config', `The URL of the signaling server ${what}.`);
