/** An expected failure is a value; only bugs throw inside the server. */
export type Result<T, E extends { readonly kind: string }> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<K extends string>(kind: K): Result<never, { readonly kind: K }> {
  return { ok: false, error: { kind } };
}
