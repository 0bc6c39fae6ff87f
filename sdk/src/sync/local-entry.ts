import { type Item, decodeCanonical, encodeCanonical, isOtherVersion } from '../codec/cbor.js';
import { type DecodeError, malformed, upgradeRequired } from '../codec/decode-error.js';
import { parseFrame } from '../crypto/frame.js';
import { isCount } from '../crypto/read-array.js';
import type { StoredEntry } from '../ports/remote-log.js';
import { ok, type Result } from '../result.js';

/** One entry of the log as a device keeps it behind its checkpoint. */
export interface LocalEntry {
  readonly seq: number;
  readonly frame: Uint8Array;
  /**
   * When the server took it, in ms since the Unix epoch; the author's time where this device
   * appended it. For display only.
   */
  readonly at: number;
  /** It failed its checks, and a verified later one commits to it: it has no effects. */
  readonly isSkipped: boolean;
}

const VERSION = 1;
const ITEMS = 4;
const WHAT = 'an entry of the local log';

/** `seq` is in the name that the entry is kept under. A server's time has fractions of a ms. */
export const encodeLocalEntry = ({ frame, at, isSkipped }: Omit<LocalEntry, 'seq'>): Uint8Array =>
  encodeCanonical([VERSION, frame, Math.floor(at), isSkipped]);

export function decodeLocalEntry(bytes: Uint8Array, seq: number): Result<LocalEntry, DecodeError> {
  if (isOtherVersion(bytes, VERSION)) return upgradeRequired(WHAT);
  const item = decodeCanonical(bytes);
  if (!Array.isArray(item)) return malformed(WHAT);
  const items: readonly Item[] = item;
  if (items.length > ITEMS) return upgradeRequired(WHAT);
  const [version, frame, at, isSkipped] = items;
  if (version !== VERSION || !(frame instanceof Uint8Array)) return malformed(WHAT);
  if (!isCount(at, 0, Number.MAX_SAFE_INTEGER) || typeof isSkipped !== 'boolean') {
    return malformed(WHAT);
  }
  return ok({ seq, frame, at, isSkipped });
}

/** The entry as the server showed it: an entry that is genuine says all of that in its frame. */
export function toStoredEntry({ frame, at }: LocalEntry): Result<StoredEntry, DecodeError> {
  const parsed = parseFrame(frame);
  if (!parsed.ok) return parsed;
  const { seq, epoch, author, t, prev } = parsed.value.header;
  return ok({ seq, epoch, author, t, prev, frame, at });
}
