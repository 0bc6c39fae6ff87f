import type { RecordKey } from '../model/budget-state.js';
import type { Fields, Op } from '../model/edit.js';

/**
 * Records as they will look after ops that are not made yet: whoever makes them has seen all
 * that is on the screen, so each wins over it.
 */
export class DraftRecords {
  readonly #read: (key: RecordKey) => Fields | undefined;
  readonly #changed = new Map<string, { readonly key: RecordKey; fields: Fields | undefined }>();

  constructor(read: (key: RecordKey) => Fields | undefined) {
    this.#read = read;
  }

  get(key: RecordKey): Fields | undefined {
    const changed = this.#changed.get(nameOf(key));
    return changed ? changed.fields : this.#read(key);
  }

  apply(op: Op): void {
    const { collection, id } = op;
    const key = { collection, id };
    this.#changed.set(nameOf(key), { key, fields: applyOp(this.get(key), op) });
  }

  /** The records that are changed and still there. */
  *present(): Iterable<RecordKey & { readonly fields: Fields }> {
    for (const { key, fields } of this.#changed.values()) if (fields) yield { ...key, fields };
  }
}

function applyOp(before: Fields | undefined, op: Op): Fields | undefined {
  if (op.type === 'put') return op.fields;
  if (op.type === 'remove' || !before) return undefined;
  if (op.type === 'set') return { ...before, [op.field]: op.value };
  const start = Object.hasOwn(before, op.field) ? before[op.field] : 0;
  // Somebody made a text of what others count: there is nothing to add to.
  return typeof start === 'number' ? { ...before, [op.field]: start + op.by } : before;
}

const nameOf = ({ collection, id }: RecordKey): string => JSON.stringify([collection, id]);
