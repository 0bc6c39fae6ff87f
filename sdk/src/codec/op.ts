import { MAX_COLLECTION_NAME_LENGTH, MAX_RECORD_ID_LENGTH, type Op } from '../model/edit.js';
import { type Result, ok } from '../result.js';
import type { Item } from './cbor.js';
import { type DecodeError, malformed, upgradeRequired } from './decode-error.js';
import { isFieldName, isFields, isName, isValue } from './value.js';

const PUT = 0;
const SET = 1;
const INCREMENT = 2;
const REMOVE = 3;
/** How many items an op of each code has. */
const ARITIES: readonly number[] = [4, 5, 5, 3];

export function opToItem(op: Op): Item {
  switch (op.type) {
    case 'put':
      return [PUT, op.collection, op.id, op.fields];
    case 'set':
      return [SET, op.collection, op.id, op.field, op.value];
    case 'increment':
      return [INCREMENT, op.collection, op.id, op.field, op.by];
    case 'remove':
      return [REMOVE, op.collection, op.id];
  }
}

export function itemToOp(item: Item): Result<Op, DecodeError> {
  if (!Array.isArray(item)) return malformed('an op is not an array');
  const parts: readonly Item[] = item;
  const [code, collection, id, third, fourth] = parts;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return malformed('bad op code');
  const arity = ARITIES[code];
  if (arity === undefined || parts.length > arity) return upgradeRequired('an op');
  if (parts.length < arity) return malformed('an op is too short');
  if (!isName(collection, MAX_COLLECTION_NAME_LENGTH)) return malformed('bad collection name');
  if (!isName(id, MAX_RECORD_ID_LENGTH)) return malformed('bad record id');
  if (code === REMOVE) return ok({ type: 'remove', collection, id });
  if (code === PUT) {
    return isFields(third)
      ? ok({ type: 'put', collection, id, fields: third })
      : malformed('bad fields');
  }
  if (!isFieldName(third)) return malformed('bad field name');
  if (code === SET) {
    return isValue(fourth)
      ? ok({ type: 'set', collection, id, field: third, value: fourth })
      : malformed('bad value');
  }
  return isIncrement(fourth)
    ? ok({ type: 'increment', collection, id, field: third, by: fourth })
    : malformed('bad increment');
}

const isIncrement = (by: unknown): by is number =>
  typeof by === 'number' && Number.isSafeInteger(by) && by !== 0;

/** Why `op` cannot be written down, or undefined: names, values and amounts as readers want them. */
export function findOpProblem(op: Op): string | undefined {
  const read = itemToOp(opToItem(op));
  return read.ok ? undefined : read.error.message;
}
