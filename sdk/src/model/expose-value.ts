import type { Value } from './edit.js';

/**
 * A value as an app may hold it: frozen, and with bytes of its own, so that nothing the
 * app does to it reaches the state that it was read from.
 */
export function exposeValue(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return Object.freeze(value.map(exposeValue));
  const entries = Object.entries(value).map(([key, item]): [string, Value] => [
    key,
    exposeValue(item),
  ]);
  return Object.freeze(Object.fromEntries(entries));
}
