import type { KeyslotDirectory, StoredKeyslot } from '../ports/keyslot-directory.js';
import type { RemoteError, RemoteErrorKind } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';

type Operation = 'list' | 'put' | 'remove';

/** One user's keyslots in memory, as the rules let them be used, with faults to order. */
export interface MemoryKeyslots extends KeyslotDirectory {
  /** What is stored, for a test to look at and to tamper with. */
  readonly stored: Map<string, StoredKeyslot>;
  /** Every call made, in order. */
  readonly calls: Operation[];
  /** The next call of `operation` fails so, before or after it was applied. */
  failNext(operation: Operation, kind: RemoteErrorKind, applied?: 'applied'): void;
  /**
   * Answers `calls` more calls and no further one, as if the caller had died; `applied` if the
   * first that is not answered still takes effect.
   */
  cutAfter(calls: number, applied?: 'applied'): void;
  /** Whether a call was cut off. Answers again from now on. */
  reconnect(): boolean;
}

export function createMemoryKeyslots(): MemoryKeyslots {
  const stored = new Map<string, StoredKeyslot>();
  const calls: Operation[] = [];
  const faults = new Map<Operation, { kind: RemoteErrorKind; applied: boolean }>();
  let cut: { readonly at: number; readonly applied: boolean } | undefined;
  const run = <T>(
    operation: Operation,
    apply: () => Result<T, RemoteError>,
  ): Promise<Result<T, RemoteError>> => {
    calls.push(operation);
    if (cut && calls.length > cut.at) {
      if (cut.applied && calls.length === cut.at + 1) apply();
      return Promise.resolve(refuse('offline'));
    }
    const fault = faults.get(operation);
    faults.delete(operation);
    const result = !fault || fault.applied ? apply() : undefined;
    return Promise.resolve(fault || !result ? refuse(fault?.kind ?? 'failed') : result);
  };
  return {
    stored,
    calls,
    failNext: (operation, kind, applied) => {
      faults.set(operation, { kind, applied: applied === 'applied' });
    },
    cutAfter: (more, applied) => {
      cut = { at: calls.length + more, applied: applied === 'applied' };
    },
    reconnect: () => {
      const wasCut = cut !== undefined && calls.length > cut.at;
      cut = undefined;
      return wasCut;
    },
    list: () => run('list', () => ok([...stored.values()])),
    put: ({ after, ...slot }) =>
      run('put', () => {
        if ((stored.get(slot.name)?.generation ?? 0) !== after || slot.generation <= after) {
          return refuse('denied');
        }
        stored.set(slot.name, slot);
        return ok();
      }),
    remove: (name) =>
      run('remove', () => {
        const others = [...stored.keys()].filter((other) => other !== name);
        if (!others.includes('passphrase') && !others.includes('recovery')) return refuse('denied');
        stored.delete(name);
        return ok();
      }),
  };
}

const refuse = (kind: RemoteErrorKind): Result<never, RemoteError> =>
  err({ kind, message: `The keyslots answered: ${kind}` });
