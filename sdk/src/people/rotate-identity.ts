import { equalBytes } from '../bytes.js';
import type { Identity } from '../crypto/identity.js';
import { makeIdentityRotation } from '../crypto/identity-rotation.js';
import { mayWrite } from '../model/roles.js';
import { ok, type Result } from '../result.js';
import { refuse, type SyncFailure } from '../sync/sync-failure.js';
import type { PeopleDeps } from './people-deps.js';
import { startEpoch } from './start-epoch.js';

/** The identity that a user replaces, and the one that follows. */
export interface IdentityChange {
  readonly from: Identity;
  readonly to: Identity;
  /** Of `to`. */
  readonly identityVersion: number;
}

/**
 * Has one budget take up the user's next keys, with a new key of the budget. Both identities
 * must be among the user's own. A viewer cannot append, and so not change keys.
 */
export function rotateIdentityIn(
  deps: PeopleDeps,
  { from, to, identityVersion }: IdentityChange,
  signal?: AbortSignal,
): Promise<Result<number, SyncFailure>> {
  const rotation = makeIdentityRotation({ from, to, identityVersion });
  return startEpoch(
    deps,
    ({ members }) => {
      const self = members.get(to.uid);
      if (!self) return refuse('access_denied', 'This user is no member of the budget.');
      if (equalBytes(self.keys.sign, to.publicKeys.sign)) return ok(undefined);
      if (!mayWrite(self.role)) {
        const message = 'A viewer cannot change keys in a budget: leave, and be invited again.';
        return refuse('access_denied', message);
      }
      return ok({ statements: [{ type: 'identity_rotated', rotation }] });
    },
    signal,
  );
}
