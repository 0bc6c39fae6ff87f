import type { LocalStore, StoreError } from '../ports/local-store.js';
import { ok, type Result } from '../result.js';
import type { ConfirmedLog } from '../sync/confirmed-log.js';
import type { Replica } from '../sync/replica.js';

const PREFIX = 'skipped/';

/**
 * The entries that this device has stepped over because they fail their checks, and the chain
 * hash before each. Such an entry may say anything, also of what came before it, so without
 * these nothing could be told of history behind it.
 */
export class SkippedEntries {
  readonly #store: LocalStore;
  readonly #hashesBefore: Map<number, Uint8Array>;
  #confirmed: ConfirmedLog | undefined;
  #saving: Promise<unknown> = Promise.resolve();

  private constructor(store: LocalStore, hashesBefore: Map<number, Uint8Array>) {
    this.#store = store;
    this.#hashesBefore = hashesBefore;
  }

  static async load(store: LocalStore): Promise<Result<SkippedEntries, StoreError>> {
    const stored = await store.list(PREFIX);
    if (!stored.ok) return stored;
    const hashes = [...stored.value].map(
      ([key, hash]) => [Number(key.slice(PREFIX.length)), hash] as const,
    );
    return ok(new SkippedEntries(store, new Map(hashes)));
  }

  /** The chain hash before the entry at `seq`, if that was skipped. */
  hashBefore(seq: number): Uint8Array | undefined {
    return this.#hashesBefore.get(seq) ?? this.#confirmed?.skipped.get(seq);
  }

  watch({ security, confirmed }: Pick<Replica, 'security' | 'confirmed'>): void {
    this.#confirmed = confirmed;
    security.overhear(({ kind, seq }) => {
      const hash = confirmed.skipped.get(seq);
      if (kind !== 'entry_quarantined' || !hash || this.#hashesBefore.has(seq)) return;
      this.#hashesBefore.set(seq, hash);
      const put = new Map([[PREFIX + String(seq).padStart(16, '0'), hash]]);
      this.#saving = Promise.all([this.#saving, this.#store.commit({ put })]);
    });
  }

  /** Resolves once what was found is in the store, or the store has refused it. */
  async saved(): Promise<void> {
    await this.#saving;
  }
}
