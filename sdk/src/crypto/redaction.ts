/**
 * Base of everything that holds secrets: printing, serialising or inspecting it, also in
 * logs and in failing assertions, yields its name only.
 */
export abstract class Redacted {
  /** What may be seen: the kind of thing it is, and whose. */
  abstract toString(): string;

  toJSON(): string {
    return this.toString();
  }
}

// Node prints an object through this method. A computed name has no place in a class whose
// declaration has to be written from its source alone.
Object.defineProperty(Redacted.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Redacted): string {
    return this.toString();
  },
});
