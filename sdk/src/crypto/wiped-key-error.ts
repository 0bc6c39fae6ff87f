/**
 * A key was used after it had been wiped: its user has locked meanwhile. A class of its own,
 * so that whoever called can tell it from a bug.
 */
export class WipedKeyError extends Error {
  override readonly name = 'WipedKeyError';
}
