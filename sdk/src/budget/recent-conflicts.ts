import { decodeCanonical, encodeCanonical, type Item } from '../codec/cbor.js';
import type { Conflict, ConflictSide } from '../model/conflict.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import type { Listeners } from '../listeners.js';

const KEY = 'conflicts';
const MAX_KEPT = 100;

/**
 * The newest conflicts that this device has found, kept in its store: one that nobody listened
 * to is still there after a restart. What cannot be read of them is left out, as they are news
 * and no data.
 */
export class RecentConflicts {
  readonly #store: LocalStore;
  /** Oldest first, by what tells them apart: a log that is read again has them again. */
  readonly #kept: Map<string, Conflict>;
  #saving: Promise<unknown> | undefined;
  #isDirty = false;

  private constructor(store: LocalStore, kept: readonly Conflict[]) {
    this.#store = store;
    this.#kept = new Map(kept.map((conflict) => [nameOf(conflict), conflict]));
  }

  static async load(store: LocalStore): Promise<Result<RecentConflicts, StoreError>> {
    const stored = await store.get(KEY);
    return stored.ok ? ok(new RecentConflicts(store, decode(stored.value))) : stored;
  }

  watch(conflicts: Listeners<Conflict>): void {
    conflicts.overhear((conflict) => {
      this.#keep(conflict);
    });
  }

  /** Newest first. */
  list(): readonly Conflict[] {
    return [...this.#kept.values()].reverse();
  }

  /** Resolves once what was found is in the store, or the store has refused it. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  #keep(conflict: Conflict): void {
    const name = nameOf(conflict);
    if (this.#kept.has(name)) return;
    this.#kept.set(name, conflict);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#isDirty = true;
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  /** One write at a time, of all that was found until then; a failing store is not asked again. */
  async #save(): Promise<void> {
    let saved: Result<void, StoreError> = ok();
    while (this.#isDirty && saved.ok) {
      // Those that one page of the log brings are found in one go.
      await Promise.resolve();
      this.#isDirty = false;
      const items = [...this.#kept.values()].map(toItem);
      saved = await this.#store.commit({ put: new Map([[KEY, encodeCanonical(items)]]) });
    }
  }
}

const nameOf = ({ collection, id, field, seq, winner, loser }: Conflict): string =>
  JSON.stringify([collection, id, field, seq, winner.author, loser.author]);

const sideItem = ({ author, value }: ConflictSide): Item => [
  author,
  value === undefined ? [] : [value],
];

const toItem = ({ collection, id, field, seq, winner, loser }: Conflict): Item => [
  collection,
  id,
  field,
  seq,
  sideItem(winner),
  sideItem(loser),
];

function decode(bytes: Uint8Array | undefined): readonly Conflict[] {
  const items = bytes && decodeCanonical(bytes);
  return Array.isArray(items) ? items.flatMap((item: Item) => toConflict(item) ?? []) : [];
}

function toConflict(item: Item): Conflict | undefined {
  const [collection, id, field, seq, winning, losing] = asArray(item);
  const winner = toSide(winning);
  const loser = toSide(losing);
  const isNamed =
    typeof collection === 'string' && typeof id === 'string' && typeof field === 'string';
  if (!isNamed || typeof seq !== 'number' || !winner || !loser) return undefined;
  return { collection, id, field, winner, loser, seq };
}

function toSide(item: Item | undefined): ConflictSide | undefined {
  const [author, value] = asArray(item);
  return typeof author === 'string' ? { author, value: asArray(value)[0] } : undefined;
}

function asArray(item: Item | undefined): readonly Item[] {
  const items: readonly Item[] = Array.isArray(item) ? item : [];
  return items;
}
