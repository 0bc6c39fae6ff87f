import type { ClientMessage, HeadHint, Signal } from '@sealsync/protocol';

export function sampleHead(seq: number): HeadHint {
  return { seq, epoch: 1, head8: '00112233445566aa', mac8: 'ffeeddccbbaa9900' };
}

/** One of every signal that members may send each other. */
export const SAMPLE_SIGNALS: readonly Signal[] = [
  { type: 'data_changed', ...sampleHead(7) },
  { type: 'data_changed', ...sampleHead(8), early: true },
  { type: 'sync_required' },
  { type: 'membership_changed' },
  { type: 'presence', tag: '0011223344556677', state: 'online' },
  { type: 'presence', tag: '0011223344556677', state: 'editing', scope: '8899aabbccddeeff' },
  { type: 'conflict', tag: '0123456789abcdef' },
];

/** One of every message that a client may send. */
export const SAMPLE_MESSAGES: readonly ClientMessage[] = [
  { type: 'connected', budgetId: '0123456789abcdef0123456789abcdef' },
  { type: 'auth', token: 'header.payload.signature' },
  { type: 'ping', n: 1 },
  ...SAMPLE_SIGNALS,
];
