import { parseClientMessage } from '@sealsync/protocol';
import type { ClientMessage, Signal } from '@sealsync/protocol';

export type SignalType = Signal['type'];
/** The fields that a signal of type `T` has beside its type. */
export type SignalMetadata<T extends SignalType> = Omit<Extract<Signal, { type: T }>, 'type'>;

const SIGNAL_TYPES: Readonly<Record<SignalType, true>> = {
  data_changed: true,
  sync_required: true,
  membership_changed: true,
  presence: true,
  conflict: true,
};

/** Undefined for what is no signal: a server would close the connection over it. */
export function makeSignal(type: SignalType, metadata?: object): Signal | undefined {
  // Without a head there is nothing to verify; "pull now" is all that is left to say.
  if (type === 'data_changed' && metadata === undefined) return { type: 'sync_required' };
  return checkSignal({ ...metadata, type });
}

/** The value, if it has the exact shape and size of a signal. */
export function checkSignal(value: object): Signal | undefined {
  const parsed = parseClientMessage(JSON.stringify(value));
  return parsed.ok && isSignal(parsed.message) ? parsed.message : undefined;
}

const isSignal = (message: ClientMessage): message is Signal =>
  Object.hasOwn(SIGNAL_TYPES, message.type);
