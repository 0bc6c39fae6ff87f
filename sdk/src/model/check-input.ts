import { err, ok, type Result } from '../result.js';
import {
  MAX_COLLECTION_NAME_LENGTH,
  MAX_FIELD_NAME_LENGTH,
  MAX_RECORD_ID_LENGTH,
  MAX_VALUE_DEPTH,
  type Fields,
  type Value,
} from './edit.js';

export interface BadInput {
  readonly kind: 'bad_input';
  /** Names the argument and what it must be; never its content. */
  readonly message: string;
}

const bad = (message: string): Result<never, BadInput> => err({ kind: 'bad_input', message });

export const checkCollectionName = (name: unknown): Result<string, BadInput> =>
  checkName(name, 'the collection name', MAX_COLLECTION_NAME_LENGTH);

export const checkRecordId = (id: unknown): Result<string, BadInput> =>
  checkName(id, 'the record id', MAX_RECORD_ID_LENGTH);

export const checkFieldName = (name: unknown): Result<string, BadInput> =>
  checkName(name, 'a field name', MAX_FIELD_NAME_LENGTH);

function checkName(name: unknown, what: string, maxLength: number): Result<string, BadInput> {
  return typeof name === 'string' &&
    name.length > 0 &&
    name.length <= maxLength &&
    name.isWellFormed()
    ? ok(name)
    : bad(`${what} must be a well-formed string of 1 to ${String(maxLength)} characters`);
}

export function checkIncrement(by: unknown): Result<number, BadInput> {
  return typeof by === 'number' && Number.isSafeInteger(by) && by !== 0
    ? ok(by)
    : bad('an increment must be a safe integer other than 0; keep money in minor units');
}

/** A deep, frozen copy of a record's fields, so that the app may go on changing its own object. */
export function copyFields(fields: unknown): Result<Fields, BadInput> {
  if (!isPlainObject(fields)) return bad('a record must be a plain object of fields');
  const copied: [string, Value][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const checkedName = checkFieldName(name);
    if (!checkedName.ok) return checkedName;
    const copy = copyValue(value, `field "${name}"`);
    if (!copy.ok) return copy;
    copied.push([name, copy.value]);
  }
  return ok(Object.freeze(Object.fromEntries(copied)));
}

/** A deep, frozen copy of one value; `where` names it in the error. */
export function copyValue(value: unknown, where: string, depth = 1): Result<Value, BadInput> {
  if (depth > MAX_VALUE_DEPTH) {
    return bad(`${where} must not be nested more than ${String(MAX_VALUE_DEPTH)} levels deep`);
  }
  switch (typeof value) {
    case 'boolean':
      return ok(value);
    case 'string':
      return value.isWellFormed() ? ok(value) : bad(`${where} must not hold a lone surrogate`);
    case 'number':
      // -0 and 0 are equal to every app but differ in bytes.
      return Number.isFinite(value) ? ok(value === 0 ? 0 : value) : bad(`${where} must be finite`);
    case 'object':
      return copyObject(value, where, depth);
    default:
      return bad(`${where} must be JSON or bytes, not ${typeof value}; use null to clear a field`);
  }
}

function copyObject(value: object | null, where: string, depth: number): Result<Value, BadInput> {
  if (value === null) return ok(null);
  if (value instanceof Uint8Array) return ok(Uint8Array.from(value));
  if (!Array.isArray(value) && !isPlainObject(value)) {
    return bad(`${where} must be JSON or bytes, not an instance of a class`);
  }
  const entries: [string, Value][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (!key.isWellFormed()) return bad(`${where} has a key with a lone surrogate`);
    const copy = copyValue(item, where, depth + 1);
    if (!copy.ok) return copy;
    entries.push([key, copy.value]);
  }
  if (!Array.isArray(value)) return ok(Object.freeze(Object.fromEntries(entries)));
  return entries.length === value.length
    ? ok(Object.freeze(entries.map(([, item]) => item)))
    : bad(`${where} must not be an array with holes or extra properties`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
