import { equalBytes } from '../bytes.js';
import { MAX_WRAPS_PER_COMMIT, splitIntoCommits } from '../ports/commit-limits.js';
import type { RemoteError } from '../ports/remote-log.js';
import { MAX_LISTED_WRAPS, type StoredWrap, type WrappedKeys } from '../ports/wrapped-keys.js';
import { RULES_READS } from '../remote/rules-reads.js';
import { wrapIdOf } from '../remote/wrap-id.js';
import { ok, type Result } from '../result.js';
import { fail, type MemoryAccess } from './memory-access.js';
import { putWraps } from './memory-people-rules.js';
import { copyWrap } from './memory-stored-budget.js';

/** One person's access to one budget's wrapped keys in memory. */
export class MemoryKeys implements WrappedKeys {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  read(
    kid: Uint8Array,
    recipient: string,
    signal?: AbortSignal,
  ): Promise<Result<Uint8Array | undefined, RemoteError>> {
    const access = this.#access;
    const id = wrapIdOf(kid, recipient);
    const apply = (): Result<Uint8Array | undefined, RemoteError> => {
      if (!access.mayRead) return fail('readWrap', 'denied');
      access.add({ reads: 1 });
      return ok(access.stored?.wraps.get(id)?.wrap.slice());
    };
    access.add({ rulesReads: RULES_READS.readWrap });
    return access.call('readWrap', apply, signal);
  }

  async put(
    wraps: readonly StoredWrap[],
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const access = this.#access;
    for (const commit of splitIntoCommits(wraps.map(copyWrap), MAX_WRAPS_PER_COMMIT)) {
      access.add({ writes: commit.length, rulesReads: commit.length * RULES_READS.putWrap });
      const stored = await access.write(
        'putWraps',
        (before, caller) => putWraps(before, commit, caller),
        signal,
      );
      if (!stored.ok) return stored;
    }
    return ok();
  }

  list(kid: Uint8Array, signal?: AbortSignal): Promise<Result<readonly StoredWrap[], RemoteError>> {
    const access = this.#access;
    const apply = (): Result<readonly StoredWrap[], RemoteError> => {
      if (!access.mayRead) return fail('listWraps', 'denied');
      const found = [...(access.stored?.wraps ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, wrap]) => wrap)
        .filter((wrap) => equalBytes(wrap.kid, kid))
        .slice(0, MAX_LISTED_WRAPS);
      access.add({ reads: found.length });
      // Nothing at all is asked for once more.
      if (found.length === 0) access.add({ reads: 2, rulesReads: RULES_READS.listWraps });
      return ok(found.map(copyWrap));
    };
    access.add({ rulesReads: RULES_READS.listWraps });
    return access.call('listWraps', apply, signal);
  }
}
