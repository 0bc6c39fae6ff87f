import { MAX_LOGICAL } from '../model/hybrid-clock.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Edit, Op } from '../model/edit.js';
import { type DeviceId, isDeviceId } from '../model/ids.js';
import { type Result, ok } from '../result.js';
import { type Item, decodeCanonical, encodeCanonical, isOtherVersion } from './cbor.js';
import { type DecodeError, malformed, upgradeRequired } from './decode-error.js';
import { findOpProblem, itemToOp, opToItem } from './op.js';

/** The numbers that the next edit's are told as differences from. */
export interface EditOrigin {
  readonly counter: number;
  readonly wallMs: number;
  readonly base: number;
}

export const ABSOLUTE: EditOrigin = { counter: 0, wallMs: 0, base: 0 };

const VERSION = 1;
const EDIT_ITEMS = 5;
const ALONE_ITEMS = 3;

export const originAfter = (edit: Edit): EditOrigin => ({
  counter: edit.counter,
  wallMs: edit.stamp.wallMs,
  base: edit.base,
});

/** One edit alone, with its device: what waits in the outbox. */
export function encodeEdit(edit: Edit): Uint8Array {
  const bytes = encodeCanonical([VERSION, hexToBytes(edit.device), editToItem(edit, ABSOLUTE)]);
  lengths.set(edit, bytes.length);
  return bytes;
}

/** Of edits that were written: they never change, so their ops need no second check either. */
const lengths: WeakMap<Edit, number> = new WeakMap();

/** How many bytes {@link encodeEdit} makes of an edit. */
export const encodedEditLength = (edit: Edit): number =>
  lengths.get(edit) ?? encodeEdit(edit).length;

export function decodeEdit(bytes: Uint8Array): Result<Edit, DecodeError> {
  if (isOtherVersion(bytes, VERSION)) return upgradeRequired('an edit');
  const item = decodeCanonical(bytes);
  if (!Array.isArray(item)) return malformed('not canonical CBOR of an edit');
  const parts: readonly Item[] = item;
  const [version, device, edit] = parts;
  if (version !== VERSION) return malformed('no version');
  if (parts.length > ALONE_ITEMS) return upgradeRequired('an edit');
  if (!(device instanceof Uint8Array) || edit === undefined) return malformed('bad edit');
  const deviceId = bytesToHex(device);
  return isDeviceId(deviceId) ? itemToEdit(edit, deviceId, ABSOLUTE) : malformed('bad device');
}

/** Throws if readers would refuse the edit: one unreadable entry would halt every device. */
export function editToItem(edit: Edit, origin: EditOrigin): Item {
  const wasWritten = lengths.has(edit);
  const problem =
    findNumbersProblem(edit, origin) ?? (wasWritten ? undefined : findOpsProblem(edit.ops));
  if (problem !== undefined) throw new TypeError(`This edit cannot be encoded: ${problem}`);
  return [
    edit.counter - origin.counter,
    edit.stamp.wallMs - origin.wallMs,
    edit.stamp.logical,
    edit.base - origin.base,
    edit.ops.map(opToItem),
  ];
}

export function itemToEdit(
  item: Item,
  device: DeviceId,
  origin: EditOrigin,
): Result<Edit, DecodeError> {
  if (!Array.isArray(item)) return malformed('an edit is not an array');
  const parts: readonly Item[] = item;
  if (parts.length > EDIT_ITEMS) return upgradeRequired('an edit');
  const [counter, wallMs, logical, base, ops] = parts;
  if (!isInteger(counter) || !isInteger(wallMs) || !isInteger(logical) || !isInteger(base)) {
    return malformed('a number of an edit is not an integer');
  }
  if (!Array.isArray(ops)) return malformed('an edit without ops');
  const decoded = itemsToOps(ops);
  if (!decoded.ok) return decoded;
  const edit: Edit = {
    device,
    counter: origin.counter + counter,
    stamp: { wallMs: origin.wallMs + wallMs, logical },
    base: origin.base + base,
    ops: decoded.value,
  };
  const problem = findNumbersProblem(edit, origin);
  return problem === undefined ? ok(edit) : malformed(problem);
}

function itemsToOps(items: readonly Item[]): Result<readonly Op[], DecodeError> {
  const ops: Op[] = [];
  for (const item of items) {
    const op = itemToOp(item);
    if (!op.ok) return op;
    ops.push(op.value);
  }
  return ok(ops);
}

function findNumbersProblem(edit: Edit, origin: EditOrigin): string | undefined {
  const { counter, stamp, base } = edit;
  if (!isCount(counter) || counter <= origin.counter) return 'counters do not increase';
  if (!isCount(stamp.wallMs) || !isCount(stamp.logical)) return 'bad stamp';
  if (stamp.logical > MAX_LOGICAL) return 'bad stamp';
  if (!isCount(base)) return 'bad base';
  return undefined;
}

function findOpsProblem(ops: readonly Op[]): string | undefined {
  for (const op of ops) {
    const problem = findOpProblem(op);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const isInteger = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value);

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
