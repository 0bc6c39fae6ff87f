import type { Fields, Value } from '../model/edit.js';
import { MAX_FIELD_NAME_LENGTH, MAX_VALUE_DEPTH } from '../model/edit.js';

/** Text that UTF-8 can hold: a lone half of a surrogate pair would come back as another. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed();

/** A non-empty name of at most `maxLength` UTF-16 code units. */
export const isName = (value: unknown, maxLength: number): value is string =>
  isText(value) && value.length > 0 && value.length <= maxLength;

export const isFieldName = (value: unknown): value is string =>
  isName(value, MAX_FIELD_NAME_LENGTH);

/**
 * Whether an entry can hold `value`: null, boolean, finite number, well-formed string,
 * bytes, and arrays and plain maps of them, at most {@link MAX_VALUE_DEPTH} levels in all.
 */
export function isValue(value: unknown): value is Value {
  return fits(value, 1);
}

/** Whether `value` is a record's map of named fields. */
export function isFields(value: unknown): value is Fields {
  return (
    isPlainMap(value) &&
    Object.entries(value).every(([name, field]) => isFieldName(name) && isValue(field))
  );
}

function fits(value: unknown, depth: number): boolean {
  if (depth > MAX_VALUE_DEPTH) return false;
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return isText(value);
  if (value instanceof Uint8Array) return true;
  if (Array.isArray(value)) {
    // Unlike every(), iterating visits the holes of a sparse array.
    for (const item of value) if (!fits(item, depth + 1)) return false;
    return true;
  }
  return (
    isPlainMap(value) &&
    Object.entries(value).every(([key, item]) => isText(key) && fits(item, depth + 1))
  );
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
