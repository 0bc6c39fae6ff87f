import * as v from 'valibot';
import { MAX_AUTH_MESSAGE_BYTES, MAX_MESSAGE_BYTES, MAX_TOKEN_LENGTH } from './limits.js';

/*
 * A signal has no room for data: every field is a number, an enumerated word, or a
 * short hash in hex. Objects are strict, so an unknown field makes a message invalid.
 */

const hex = (length: number): v.GenericSchema<string> =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${String(length)}}$`)));

const logPosition = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** Eight bytes of a hash keyed per epoch and day; peers resolve it locally. */
const tag = hex(16);

/** What `data_changed` says of a log: its head and a MAC that only members can make. */
export interface HeadHint {
  readonly seq: number;
  readonly epoch: number;
  /** First eight bytes of the head's hash, in hex. */
  readonly head8: string;
  /** First eight bytes of a MAC over all the others under a key of the epoch, in hex. */
  readonly mac8: string;
  /** The commit that would make this the head is still under way, and may lose a race. */
  readonly early?: true | undefined;
}

/** An unauthenticated hint of who is there; `tag` and `scope` are keyed hashes in hex. */
export interface PresenceHint {
  readonly tag: string;
  readonly state: 'online' | 'away' | 'editing';
  readonly scope?: string | undefined;
}

/** What any member may tell the others of a room; relayed with `from` added. */
export type Signal =
  | ({ readonly type: 'data_changed' } & HeadHint)
  | { readonly type: 'sync_required' }
  | { readonly type: 'membership_changed' }
  | ({ readonly type: 'presence' } & PresenceHint)
  | { readonly type: 'conflict'; readonly tag: string };

export type ClientMessage =
  | { readonly type: 'connected'; readonly budgetId: string }
  | Signal
  | { readonly type: 'auth'; readonly token: string }
  | { readonly type: 'ping'; readonly n: number };

export type SystemNotice =
  'joined' | 'authenticated' | 'draining' | 'pull_when_back' | 'maintenance';
export type ErrorReason =
  'bad_message' | 'unauthenticated' | 'forbidden' | 'too_large' | 'rate_limited' | 'unavailable';

/** `from` is the sender's connection, eight random bytes in hex; absent where the server itself tells. */
type Relayed<T> = T & { readonly from?: string | undefined };

export type ServerMessage =
  | Relayed<{ readonly type: 'connected' }>
  | Relayed<{ readonly type: 'disconnected' }>
  | Relayed<Signal>
  | { readonly type: 'pong'; readonly n: number }
  | {
      readonly type: 'system';
      readonly notice: SystemNotice;
      readonly reconnectAfterMs?: number | undefined;
    }
  | { readonly type: 'error'; readonly reason: ErrorReason };

const from = { from: v.optional(hex(16)) };
const head = { seq: logPosition, epoch: logPosition, head8: hex(16), mac8: hex(16) };
const announced = { ...head, early: v.optional(v.literal(true)) };
const presence = { tag, state: v.picklist(['online', 'away', 'editing']), scope: v.optional(tag) };
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const clientMessage: v.GenericSchema<unknown, ClientMessage> = v.variant('type', [
  v.strictObject({ type: v.literal('connected'), budgetId: hex(32) }),
  v.strictObject({ type: v.literal('data_changed'), ...announced }),
  v.strictObject({ type: v.literal('sync_required') }),
  v.strictObject({ type: v.literal('membership_changed') }),
  v.strictObject({ type: v.literal('presence'), ...presence }),
  v.strictObject({ type: v.literal('conflict'), tag }),
  v.strictObject({
    type: v.literal('auth'),
    token: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_TOKEN_LENGTH)),
  }),
  v.strictObject({ type: v.literal('ping'), n: count }),
]);

const serverMessage: v.GenericSchema<unknown, ServerMessage> = v.variant('type', [
  v.strictObject({ type: v.literal('connected'), ...from }),
  v.strictObject({ type: v.literal('disconnected'), ...from }),
  v.strictObject({ type: v.literal('data_changed'), ...announced, ...from }),
  v.strictObject({ type: v.literal('sync_required'), ...from }),
  v.strictObject({ type: v.literal('membership_changed'), ...from }),
  v.strictObject({ type: v.literal('presence'), ...presence, ...from }),
  v.strictObject({ type: v.literal('conflict'), tag, ...from }),
  v.strictObject({ type: v.literal('pong'), n: count }),
  v.strictObject({
    type: v.literal('system'),
    notice: v.picklist(['joined', 'authenticated', 'draining', 'pull_when_back', 'maintenance']),
    reconnectAfterMs: v.optional(count),
  }),
  v.strictObject({
    type: v.literal('error'),
    reason: v.picklist([
      'bad_message',
      'unauthenticated',
      'forbidden',
      'too_large',
      'rate_limited',
      'unavailable',
    ]),
  }),
]);

export type ParseFailure = 'not_json' | 'too_large' | 'bad_shape';
export type Parsed<T> =
  | { readonly ok: true; readonly message: T }
  | { readonly ok: false; readonly failure: ParseFailure };

/** Parses one text frame from a client; only `auth` may exceed {@link MAX_MESSAGE_BYTES}. */
export function parseClientMessage(text: string): Parsed<ClientMessage> {
  const parsed = parse(clientMessage, text, MAX_AUTH_MESSAGE_BYTES);
  return parsed.ok && parsed.message.type !== 'auth' && exceeds(text, MAX_MESSAGE_BYTES)
    ? { ok: false, failure: 'too_large' }
    : parsed;
}

/** Parses one text frame from the server. */
export function parseServerMessage(text: string): Parsed<ServerMessage> {
  return parse(serverMessage, text, MAX_MESSAGE_BYTES);
}

/** The text frame of a message that is known to be valid. */
export function encodeMessage(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message);
}

function parse<T>(schema: v.GenericSchema<unknown, T>, text: string, maxBytes: number): Parsed<T> {
  if (exceeds(text, maxBytes)) return { ok: false, failure: 'too_large' };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, failure: 'not_json' };
  }
  const result = v.safeParse(schema, json, { abortEarly: true });
  return result.success
    ? { ok: true, message: result.output }
    : { ok: false, failure: 'bad_shape' };
}

/** Whether `text` is longer than `maxBytes` in UTF-8, without encoding what is plainly too long. */
function exceeds(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes;
}
