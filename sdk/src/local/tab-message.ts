import { isSealsyncErrorKind } from '../errors.js';
import type { TabMessage } from '../ports/tab-group.js';

const BARE = ['edited', 'stored', 'replaced', 'ended', 'ping', 'pong', 'lock', 'touch'] as const;

/** What another tab sent, which may be one with another version of the app. */
export function readTabMessage(data: unknown): TabMessage | undefined {
  if (typeof data !== 'object' || data === null || !('type' in data)) return undefined;
  const bare = BARE.find((type) => type === data.type);
  if (bare) return { type: bare };
  if (data.type === 'leads' || data.type === 'yield') {
    return 'tab' in data && typeof data.tab === 'string'
      ? { type: data.type, tab: data.tab }
      : undefined;
  }
  if (!('id' in data) || typeof data.id !== 'string') return undefined;
  if (data.type === 'sync') return { type: 'sync', id: data.id };
  if (data.type !== 'synced') return undefined;
  if (!('error' in data) || data.error === undefined) return { type: 'synced', id: data.id };
  const error = isSealsyncErrorKind(data.error) ? data.error : 'failed';
  return { type: 'synced', id: data.id, error };
}
