import type { DeviceId } from './ids.js';

/** What a field of a record may hold: JSON plus bytes. Numbers are finite; money belongs in integers. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A hybrid logical clock reading. */
export interface Stamp {
  /** Milliseconds since the Unix epoch, corrected for a wrong device clock. */
  readonly wallMs: number;
  /** Orders what happened within one millisecond. */
  readonly logical: number;
}

export type Fields = Readonly<Record<string, Value>>;

/** One change of one record. */
export type Op =
  | {
      readonly type: 'put';
      readonly collection: string;
      readonly id: string;
      readonly fields: Fields;
    }
  | {
      readonly type: 'set';
      readonly collection: string;
      readonly id: string;
      readonly field: string;
      readonly value: Value;
    }
  | {
      readonly type: 'increment';
      readonly collection: string;
      readonly id: string;
      readonly field: string;
      /** A safe integer, not zero. */
      readonly by: number;
    }
  | { readonly type: 'remove'; readonly collection: string; readonly id: string };

/** What one call of an app made: its ops are applied together or not at all. */
export interface Edit {
  readonly device: DeviceId;
  /** From 1, without gaps on a device; with the device it names the edit for ever. */
  readonly counter: number;
  readonly stamp: Stamp;
  /** The log position that its author had seen; 0 before the first entry. */
  readonly base: number;
  readonly ops: readonly Op[];
}

export const MAX_COLLECTION_NAME_LENGTH = 64;
export const MAX_RECORD_ID_LENGTH = 128;
export const MAX_FIELD_NAME_LENGTH = 64;
export const MAX_VALUE_DEPTH = 8;
