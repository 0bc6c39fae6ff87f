import { encodeMessage, MAX_MESSAGE_BYTES, parseClientMessage } from '@sealsync/protocol';
import type { Signal } from '@sealsync/protocol';
import { SAMPLE_MESSAGES, SAMPLE_SIGNALS } from './samples.js';

export interface FuzzFrame {
  readonly payload: Buffer;
  readonly isBinary: boolean;
  /** Whether it began as a valid message. */
  readonly isMutated: boolean;
}

/** What a connection that has joined must do about a frame. */
export type Verdict =
  | { readonly kind: 'relayed'; readonly signal: Signal }
  | { readonly kind: 'answered' }
  | { readonly kind: 'closed'; readonly code: number };

const INTERESTING = [
  '"__proto__":{"type":"sync_required"},',
  '"from":"0011223344556677",',
  '"payload":"x",',
  '[[[[[[[[[[',
  '{"a":'.repeat(150),
  '1e400',
  '-1',
  '9007199254740993',
  'null',
  '\\u0000',
  '\ud83d\ude00',
];

/** A frame that is random bytes, or (six in seven) a valid message with something done to it. */
export function makeFuzzFrame(random: () => number): FuzzFrame {
  const pick = <T>(items: readonly T[], otherwise: T): T =>
    items[Math.floor(random() * items.length)] ?? otherwise;
  const isBinary = random() < 0.02;
  if (random() < 0.15) {
    const isAscii = random() < 0.5;
    const bytes = Buffer.from(
      Array.from({ length: Math.floor(random() * 80) }, () => random() * (isAscii ? 128 : 256)),
    );
    return { payload: bytes, isBinary, isMutated: false };
  }
  const samples = random() < 0.2 ? SAMPLE_MESSAGES : SAMPLE_SIGNALS;
  const text = encodeMessage(pick(samples, { type: 'sync_required' }));
  const at = Math.floor(random() * text.length);
  const until = at + 1 + Math.floor(random() * 8);
  const insert = (what: string): string => text.slice(0, at) + what + text.slice(at);
  const mutations: readonly (() => string)[] = [
    () => text.slice(0, at),
    () => text.slice(0, at) + text.slice(until),
    () => insert(text.slice(at, until)),
    () => insert(pick(INTERESTING, '')),
    () => insert(String.fromCharCode(random() * 128)),
    () => `{${pick(INTERESTING, '')}${text.slice(1)}`,
    () => text.padEnd(MAX_MESSAGE_BYTES - 1 + Math.floor(random() * 3)),
    () => text.replace(/\d+/, pick(['0', '-1', '1.5', '4294967296', '1e3', '01'], '0')),
  ];
  // These mostly leave a message valid, so that more than one frame of a connection is judged.
  const disguises: readonly (() => string)[] = [
    () => text.replace(/:\d+/, `:${String(Math.floor(random() * 2 ** 53))}`),
    () => text.replace(/[0-9a-f](?=[0-9a-f]*"}$)/, pick(['0', '7', 'f', 'F', 'g'], '0')),
    () => ` ${text.replaceAll(':', pick([': ', ':\n', ' :', ':\t'], ':'))} `,
    () => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse())),
    () => `{"type":"ping",${text.slice(1)}`,
    () => text.replace('p', '\\u0070'),
  ];
  const mutated = pick(random() < 0.3 ? mutations : disguises, () => text)();
  const payload = Buffer.from(mutated);
  if (random() < 0.03) payload[Math.floor(random() * payload.length)] = random() * 256;
  return { payload, isBinary, isMutated: true };
}

/** The verdict that the schema and the order of messages call for. */
export function judgeFuzzFrame({ payload, isBinary }: FuzzFrame): Verdict {
  if (isBinary) return { kind: 'closed', code: 1003 };
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    return { kind: 'closed', code: 1007 };
  }
  const parsed = parseClientMessage(text);
  if (!parsed.ok) return { kind: 'closed', code: parsed.failure === 'too_large' ? 4413 : 4400 };
  const { message } = parsed;
  switch (message.type) {
    case 'connected':
      return { kind: 'closed', code: 4400 };
    case 'auth':
      // No token of the samples is valid, and no mutation makes it so.
      return { kind: 'closed', code: 4401 };
    case 'ping':
      return { kind: 'answered' };
    default:
      return { kind: 'relayed', signal: message };
  }
}
